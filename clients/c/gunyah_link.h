/*
 * A client of gunyah-sim's link in one header: connect, drive a vCPU, find the Resource Manager.
 * Needs a POSIX system, C11 and nothing else. Include it in one file of a program, with _POSIX_C_SOURCE 200809L.
 *
 * Every function returns 0 or a negative number; gl->error then says what happened.
 */
#ifndef GUNYAH_LINK_H
#define GUNYAH_LINK_H

#include <errno.h>
#include <poll.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "gunyah_ids.h"

#define GL_HEAD 8u
/* gl_hvc: what `inline_dir` means. */
#define GL_TO_HYPERVISOR 0u
#define GL_FROM_HYPERVISOR 1u
#define GL_FROM_HYPERVISOR_X1 2u
/* gl_reg_*: a system register by its encoding. */
#define GL_SYSREG(op0, op1, crn, crm, op2) ((uint32_t)((op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2)))

struct gl {
  int fd;
  uint16_t tag;
  /* Requests whose replies nobody waits for. */
  unsigned posted;
  /* An IRQ event came and IRQ_ACK has not returned 1023 since. */
  bool irq;
  /* IRQ_ACK and WFI are sent ahead: their tags while they are outstanding, else 0. */
  uint16_t ack_tag, wfi_tag;
  /* What an IRQ_ACK that was sent ahead returned. */
  bool acked;
  uint32_t acked_intid;
  /* GL_TRUST_*: what discovery believes without looking; for trying out checkers. */
  unsigned careless;
  /* Status of the last reply, and its syndrome if that was GL_STATUS_EXCEPTION. */
  uint16_t status;
  uint32_t esr;
  struct gl_hello_reply hello;
  char error[192];
  /* What was read and not yet used, what is not yet sent. */
  uint8_t in[4096], out[2 * (GL_HEAD + GL_MAX_FRAME)];
  size_t in_at, in_end, out_length;
  /* The last frame received. */
  uint8_t frame[GL_HEAD + GL_MAX_FRAME];
};

static inline int gl_fail(struct gl *gl, const char *what) {
  snprintf(gl->error, sizeof gl->error, "%s", what);
  return -1;
}

static inline int gl_write_all(struct gl *gl, const void *data, size_t size) {
  const uint8_t *at = data;
  while (size > 0) {
    ssize_t n = send(gl->fd, at, size, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return gl_fail(gl, strerror(errno));
    at += n;
    size -= (size_t)n;
  }
  return 0;
}

static inline int gl_read_all(struct gl *gl, void *data, size_t size) {
  uint8_t *at = data;
  while (size > 0) {
    size_t have = gl->in_end - gl->in_at, part = have < size ? have : size;
    memcpy(at, gl->in + gl->in_at, part);
    gl->in_at += part;
    at += part;
    size -= part;
    if (size == 0) break;
    ssize_t n = recv(gl->fd, gl->in, sizeof gl->in, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return gl_fail(gl, strerror(errno));
    if (n == 0) return gl_fail(gl, "the server closed the connection");
    gl->in_at = 0;
    gl->in_end = (size_t)n;
  }
  return 0;
}

/* Address: unix:PATH or tcp:IPV4:PORT, as `gunyah-sim serve --listen` takes it. */
static inline int gl_connect(struct gl *gl, const char *address) {
  memset(gl, 0, sizeof *gl);
  gl->fd = -1;
  if (strncmp(address, "unix:", 5) == 0) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    if (strlen(address + 5) >= sizeof to.sun_path) return gl_fail(gl, "the socket's path is too long");
    memcpy(to.sun_path, address + 5, strlen(address + 5) + 1);
    gl->fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (gl->fd < 0 || connect(gl->fd, (struct sockaddr *)&to, sizeof to) != 0) return gl_fail(gl, strerror(errno));
    return 0;
  }
  char host[64];
  unsigned port;
  if (sscanf(address, "tcp:%63[^:]:%u", host, &port) != 2 || port > 65535)
    return gl_fail(gl, "the address is not unix:PATH or tcp:HOST:PORT");
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  if (inet_pton(AF_INET, host, &to.sin_addr) != 1) return gl_fail(gl, "the host is not an IPv4 address");
  gl->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (gl->fd < 0 || connect(gl->fd, (struct sockaddr *)&to, sizeof to) != 0) return gl_fail(gl, strerror(errno));
  return 0;
}

static inline void gl_close(struct gl *gl) {
  if (gl->fd >= 0) close(gl->fd);
  gl->fd = -1;
}

/* Puts a frame behind what is to be sent. */
static inline int gl_queue(struct gl *gl, uint8_t type, const void *head, size_t head_size, const void *data, size_t size) {
  uint32_t length = (uint32_t)(4 + head_size + size);
  if (length > GL_MAX_FRAME) return gl_fail(gl, "the frame is too long");
  uint8_t *out = gl->out + gl->out_length;
  gl->tag = gl->tag == 0xffff ? 1 : (uint16_t)(gl->tag + 1);
  memcpy(out, &length, 4);
  out[4] = type;
  out[5] = 0;
  memcpy(out + 6, &gl->tag, 2);
  if (head_size > 0) memcpy(out + GL_HEAD, head, head_size);
  if (size > 0) memcpy(out + GL_HEAD + head_size, data, size);
  gl->out_length += 4 + length;
  return 0;
}

static inline int gl_flush(struct gl *gl) {
  size_t length = gl->out_length;
  gl->out_length = 0;
  return gl_write_all(gl, gl->out, length);
}

static inline int gl_send(struct gl *gl, uint8_t type, const void *head, size_t head_size, const void *data, size_t size) {
  return gl_queue(gl, type, head, head_size, data, size) != 0 ? -1 : gl_flush(gl);
}

/* A small request that goes out with the next one; its reply is not looked at. */
static inline int gl_post(struct gl *gl, uint8_t type, const void *head, size_t head_size) {
  gl->posted++;
  return gl_queue(gl, type, head, head_size, NULL, 0);
}

/* Reads one frame into gl->frame. Length of its payload, or negative. */
static inline int gl_receive(struct gl *gl, uint8_t *type, uint16_t *tag) {
  uint32_t length;
  if (gl_read_all(gl, gl->frame, GL_HEAD) != 0) return -1;
  memcpy(&length, gl->frame, 4);
  if (length < 4 || length > GL_MAX_FRAME + GL_HEAD - 4) return gl_fail(gl, "the server sent a frame of impossible length");
  *type = gl->frame[4];
  memcpy(tag, gl->frame + 6, 2);
  if (gl_read_all(gl, gl->frame + GL_HEAD, length - 4) != 0) return -1;
  return (int)(length - 4);
}

/* A frame of `size` bytes that nobody waits for at the moment: an event, or the reply to what was sent ahead. */
static inline int gl_other(struct gl *gl, uint8_t type, uint16_t tag, int size) {
  const uint8_t *payload = gl->frame + GL_HEAD;
  if (tag == 0) {
    if (type == GL_EVENT_IRQ) gl->irq = true;
    if (type != GL_EVENT_GOODBYE) return 0;
    snprintf(gl->error, sizeof gl->error, "%.*s", size, (const char *)payload);
    return -1;
  }
  if (tag == gl->ack_tag && size >= (int)sizeof(struct gl_irq_ack_reply)) {
    struct gl_irq_ack_reply r;
    memcpy(&r, payload, sizeof r);
    gl->ack_tag = 0;
    gl->acked = true;
    gl->acked_intid = r.intid;
    if (r.intid >= 1020 && r.intid < 4096) gl->irq = false;
    return 0;
  }
  if (tag == gl->wfi_tag) {
    gl->wfi_tag = 0;
    gl->irq = true;
    return 0;
  }
  if (gl->posted == 0) return gl_fail(gl, "the server answered something else");
  gl->posted--;
  return 0;
}

/* Waits for the reply to the last request. Copies the reply's head, returns the length of its data. */
static inline int gl_reply(struct gl *gl, void *head, size_t head_size) {
  for (;;) {
    uint8_t type;
    uint16_t tag;
    int size = gl_receive(gl, &type, &tag);
    if (size < 0) return -1;
    const uint8_t *payload = gl->frame + GL_HEAD;
    if (tag != gl->tag) {
      if (gl_other(gl, type, tag, size) != 0) return -1;
      continue;
    }
    if (size < 2) return gl_fail(gl, "the server's reply has no status");
    memset(head, 0, head_size);
    memcpy(head, payload, (size_t)size < head_size ? (size_t)size : head_size);
    memcpy(&gl->status, payload, 2);
    return (size_t)size > head_size ? (int)((size_t)size - head_size) : 0;
  }
}

static inline int gl_status(struct gl *gl) {
  static const char *const names[] = {"OK", "exception", "it does not return", "the hypervisor stopped", "bad request", "refused"};
  if (gl->status == GL_STATUS_OK) return 0;
  return gl_fail(gl, gl->status < sizeof names / sizeof *names ? names[gl->status] : "unknown status");
}

/* Binds the connection to a vCPU; `scratch` 0 lets the server choose the page for inline buffers. */
static inline int gl_hello(struct gl *gl, uint16_t vmid, uint16_t vcpu, bool step, uint64_t scratch, const char *name) {
  struct gl_hello h = {.magic = GL_MAGIC, .version_min = GL_VERSION_MIN, .version_max = GL_VERSION_MAX};
  size_t length = strlen(name) < GL_MAX_NAME ? strlen(name) : GL_MAX_NAME;
  h.vmid = vmid;
  h.vcpu = vcpu;
  h.time = step;
  h.name_length = (uint16_t)length;
  h.scratch = scratch;
  if (gl_send(gl, GL_HELLO, &h, sizeof h, name, length) != 0) return -1;
  if (gl_reply(gl, &gl->hello, sizeof gl->hello) < 0) return -1;
  if (gl->status == GL_STATUS_REFUSED) {
    /* The reason follows. */
    char ignored[2];
    return gl_reply(gl, ignored, sizeof ignored) < 0 ? -1 : gl_fail(gl, "refused");
  }
  return gl_status(gl);
}

/*
 * HVC #imm with x0..x7, results in x. With `reg` not GL_NO_INLINE, `buffer` takes the place of that register: sent with
 * GL_TO_HYPERVISOR, filled otherwise. `*size`: its length, afterwards what was filled in.
 */
static inline int gl_hvc(struct gl *gl, uint16_t imm, uint64_t x[8], uint8_t reg, uint8_t dir, void *buffer, uint32_t *size) {
  struct gl_hvc h = {.imm = imm, .inline_reg = reg, .inline_dir = dir};
  struct gl_hvc_reply r;
  bool sends = reg != GL_NO_INLINE && dir == GL_TO_HYPERVISOR;
  h.inline_length = reg == GL_NO_INLINE ? 0 : *size;
  memcpy(h.x, x, sizeof h.x);
  if (gl_send(gl, GL_HVC, &h, sizeof h, buffer, sends ? *size : 0) != 0) return -1;
  int data = gl_reply(gl, &r, sizeof r);
  if (data < 0) return -1;
  memcpy(x, r.x, sizeof r.x);
  gl->esr = r.esr;
  if (reg != GL_NO_INLINE && !sends) {
    if ((uint32_t)data > *size) return gl_fail(gl, "the server sent more than was asked for");
    memcpy(buffer, gl->frame + GL_HEAD + sizeof r, (size_t)data);
    *size = (uint32_t)data;
  }
  return gl_status(gl);
}

/* Native hypercall without a buffer: GH_CALL_*. */
static inline int gl_call(struct gl *gl, uint16_t call, uint64_t x[8]) {
  return gl_hvc(gl, (uint16_t)(GH_HYPERCALL_BASE + call), x, GL_NO_INLINE, 0, NULL, NULL);
}

/* SMCCC call with x0..x17; `smc` false: by HVC #0. */
static inline int gl_smccc(struct gl *gl, bool smc, uint64_t x[18]) {
  struct gl_smc h = {.conduit = smc};
  struct gl_smc_reply r;
  memcpy(h.x, x, sizeof h.x);
  if (gl_send(gl, GL_SMC, &h, sizeof h, NULL, 0) != 0 || gl_reply(gl, &r, sizeof r) < 0) return -1;
  memcpy(x, r.x, sizeof r.x);
  gl->esr = r.esr;
  return gl_status(gl);
}

/* Guest memory (width 0), or one load or store of 1, 2, 4 or 8 bytes. */
static inline int gl_read(struct gl *gl, uint64_t ipa, void *to, uint32_t size, uint32_t width) {
  struct gl_mem_read h = {.ipa = ipa, .length = size, .width = width};
  struct gl_mem_read_reply r;
  if (gl_send(gl, GL_MEM_READ, &h, sizeof h, NULL, 0) != 0) return -1;
  int data = gl_reply(gl, &r, sizeof r);
  if (data < 0) return -1;
  gl->esr = r.esr;
  if (gl_status(gl) != 0) return -1;
  if ((uint32_t)data != size) return gl_fail(gl, "the server sent another length");
  memcpy(to, gl->frame + GL_HEAD + sizeof r, size);
  return 0;
}

static inline int gl_write(struct gl *gl, uint64_t ipa, const void *from, uint32_t size, uint32_t width) {
  const uint8_t *at = from;
  do {
    uint32_t part = size < GL_MAX_MEMORY_ACCESS ? size : GL_MAX_MEMORY_ACCESS;
    struct gl_mem_write h = {.ipa = ipa, .width = width};
    struct gl_mem_write_reply r;
    if (gl_send(gl, GL_MEM_WRITE, &h, sizeof h, at, part) != 0 || gl_reply(gl, &r, sizeof r) < 0) return -1;
    gl->esr = r.esr;
    if (gl_status(gl) != 0) return -1;
    at += part;
    ipa += part;
    size -= part;
  } while (size > 0);
  return 0;
}

static inline int gl_store32(struct gl *gl, uint64_t ipa, uint32_t value) { return gl_write(gl, ipa, &value, 4, 4); }

static inline int gl_reg_write(struct gl *gl, uint32_t reg, uint64_t value) {
  struct gl_reg_write h = {.reg = reg, .value = value};
  struct gl_reg_write_reply r;
  if (gl_send(gl, GL_REG_WRITE, &h, sizeof h, NULL, 0) != 0 || gl_reply(gl, &r, sizeof r) < 0) return -1;
  gl->esr = r.esr;
  return gl_status(gl);
}

/* The vCPU's device tree. Its length, or negative. */
static inline int gl_device_tree(struct gl *gl, void *to, size_t size) {
  struct gl_device_tree_reply r;
  if (gl_send(gl, GL_DEVICE_TREE, NULL, 0, NULL, 0) != 0) return -1;
  int data = gl_reply(gl, &r, sizeof r);
  if (data < 0 || gl_status(gl) != 0) return -1;
  if ((size_t)data > size) return gl_fail(gl, "the device tree is larger than the buffer");
  memcpy(to, gl->frame + GL_HEAD + sizeof r, (size_t)data);
  return data;
}

/*
 * Acknowledges and ends the most urgent interrupt: its number, 1023 for none, or negative. Call it until it returns 1023. It asks for
 * the next one together with whatever is sent then, so that an interrupt costs one round trip.
 */
static inline int gl_take_irq(struct gl *gl) {
  if (!gl->irq && !gl->acked && gl->ack_tag == 0) return 1023;
  if (!gl->acked && gl->ack_tag == 0) {
    if (gl_queue(gl, GL_IRQ_ACK, NULL, 0, NULL, 0) != 0) return -1;
    gl->ack_tag = gl->tag;
  }
  if (!gl->acked && gl_flush(gl) != 0) return -1;
  while (!gl->acked) {
    uint8_t type;
    uint16_t tag;
    int size = gl_receive(gl, &type, &tag);
    if (size < 0 || gl_other(gl, type, tag, size) != 0) return -1;
  }
  gl->acked = false;
  if (gl->acked_intid >= 1020 && gl->acked_intid < 4096) return 1023;
  struct gl_irq_end h = {.intid = gl->acked_intid};
  if (gl_post(gl, GL_IRQ_END, &h, sizeof h) != 0 || gl_queue(gl, GL_IRQ_ACK, NULL, 0, NULL, 0) != 0) return -1;
  gl->ack_tag = gl->tag;
  return (int)gl->acked_intid;
}

/* Takes note of what is there, without waiting: gl->irq is set if there is something to acknowledge. */
static inline int gl_events(struct gl *gl) {
  for (;;) {
    struct pollfd p = {.fd = gl->fd, .events = POLLIN};
    uint8_t type;
    uint16_t tag;
    if (gl->in_at == gl->in_end && poll(&p, 1, 0) <= 0) return 0;
    int size = gl_receive(gl, &type, &tag);
    if (size < 0 || gl_other(gl, type, tag, size) != 0) return -1;
  }
}

/* Says that there is nothing to do until the next interrupt, without waiting for it. gl_events notices it. */
static inline int gl_idle(struct gl *gl) {
  struct gl_wfi h = {0};
  if (gl->wfi_tag != 0) return 0;
  if (gl_send(gl, GL_WFI, &h, sizeof h, NULL, 0) != 0) return -1;
  gl->wfi_tag = gl->tag;
  return 0;
}

/* Waits for an interrupt, or for `timeout_ns` of virtual time (0: no limit). 1: one is pending, 0: time is over. */
static inline int gl_wfi(struct gl *gl, uint64_t timeout_ns) {
  struct gl_wfi h = {.timeout_ns = timeout_ns};
  struct gl_wfi_reply r;
  if (gl_send(gl, GL_WFI, &h, sizeof h, NULL, 0) != 0 || gl_reply(gl, &r, sizeof r) < 0 || gl_status(gl) != 0) return -1;
  if (r.pending != 0) gl->irq = true;
  return r.pending;
}

static inline int gl_bye(struct gl *gl) {
  struct gl_bye_reply r;
  int error = gl_send(gl, GL_BYE, NULL, 0, NULL, 0) != 0 || gl_reply(gl, &r, sizeof r) < 0 ? -1 : 0;
  gl_close(gl);
  return error;
}

/* ---- finding the Resource Manager --------------------------------------------------------------------------------- */

#define GL_API_VERSION 1u

#define GL_TRUST_IDENTITY 1u
#define GL_TRUST_VERSION 2u
#define GL_GUESS_RX_IRQ 4u
#define GL_GUESS_RX_CAP 8u

/* Whether Gunyah of a known version is underneath: identity first, no hypercall before it is known. */
static inline int gl_identify(struct gl *gl) {
  static const uint32_t identity[4] = GH_SMCCC_UID;
  uint64_t x[18] = {GH_SMCCC_VENDOR_HYP_UID}, y[8] = {0};
  if (gl_smccc(gl, false, x) != 0) return -1;
  for (int i = 0; i < 4; i++)
    if ((uint32_t)x[i] != identity[i] && (gl->careless & GL_TRUST_IDENTITY) == 0) return gl_fail(gl, "the hypervisor is not Gunyah");
  if (gl_call(gl, GH_CALL_HYPERVISOR_IDENTIFY, y) != 0) return -1;
  if ((y[0] & 0x3fff) != GL_API_VERSION && (gl->careless & GL_TRUST_VERSION) == 0) return gl_fail(gl, "the hypervisor's API version is unknown");
  return 0;
}

struct gl_rm_node {
  uint64_t tx_cap, rx_cap;
  uint32_t tx_irq, rx_irq;
};

static inline uint32_t gl_be32(const uint8_t *p) {
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline bool gl_list_has(const uint8_t *list, uint32_t size, const char *text) {
  size_t length = strlen(text) + 1;
  for (uint32_t at = 0; at < size;) {
    const uint8_t *end = memchr(list + at, 0, size - at);
    if (end == NULL) return false;
    uint32_t part = (uint32_t)(end - (list + at)) + 1;
    if (part == length && memcmp(list + at, text, length) == 0) return true;
    at += part;
  }
  return false;
}

/* Reads the node compatible with gunyah-resource-manager. Every offset is checked: a tree may be anything. */
static inline int gl_find_rm(struct gl *gl, const uint8_t *blob, uint32_t size, struct gl_rm_node *out) {
  if (size < 40 || gl_be32(blob) != 0xd00dfeed) return gl_fail(gl, "not a device tree");
  uint32_t at = gl_be32(blob + 8), strings = gl_be32(blob + 12);
  bool compatible = false, reg = false, irqs = false;
  while (at <= size - 4) {
    uint32_t token = gl_be32(blob + at);
    at += 4;
    if (token == 1) { /* a node begins: name, padded */
      const uint8_t *end = at < size ? memchr(blob + at, 0, size - at) : NULL;
      if (end == NULL) break;
      at = ((uint32_t)(end - blob) + 4) & ~3u;
      compatible = reg = irqs = false;
    } else if (token == 3) { /* a property: length, name, value */
      if (at > size - 8) break;
      uint32_t length = gl_be32(blob + at), name = strings + gl_be32(blob + at + 4);
      at += 8;
      if (length > size - at || name >= size || memchr(blob + name, 0, size - name) == NULL) break;
      const uint8_t *value = blob + at;
      const char *key = (const char *)blob + name;
      if (strcmp(key, "compatible") == 0) compatible = gl_list_has(value, length, "gunyah-resource-manager");
      if (strcmp(key, "reg") == 0 && (length == 16 || (length == 8 && (gl->careless & GL_GUESS_RX_CAP) != 0))) {
        out->tx_cap = (uint64_t)gl_be32(value) << 32 | gl_be32(value + 4);
        out->rx_cap = length == 8 ? out->tx_cap + 1 : (uint64_t)gl_be32(value + 8) << 32 | gl_be32(value + 12);
        reg = true;
      }
      if (strcmp(key, "interrupts") == 0 && (length == 24 || (length == 12 && (gl->careless & GL_GUESS_RX_IRQ) != 0))) {
        out->tx_irq = gl_be32(value + 4) + 32; /* shared interrupts start at 32 */
        out->rx_irq = length == 12 ? out->tx_irq + 1 : gl_be32(value + 16) + 32;
        irqs = true;
      }
      if (compatible && reg && irqs) return 0;
      at = (at + length + 3) & ~3u;
    } else if (token == 9) {
      break;
    }
  }
  return gl_fail(gl, "the device tree has no Resource Manager node");
}

/*
 * Makes a shared interrupt of the primary VM one that gl_take_irq returns. Edge, because Gunyah's queues and doorbells mean edges and
 * every shared interrupt resets to level: as level it is pending again after each gl_take_irq for as long as its source is asserted,
 * and the loop until 1023 does not end.
 */
static inline int gl_enable_irq(struct gl *gl, uint32_t irq) {
  uint32_t bit = (uint32_t)1 << irq % 32, groups, kinds;
  uint64_t word = GH_GICD_BASE + irq / 32 * 4, kind = GH_GICD_BASE + 0xc00 + irq / 16 * 4;
  if (gl_read(gl, kind, &kinds, 4, 4) != 0) return -1;                    /* GICD_ICFGR: two bits each */
  if (gl_store32(gl, kind, kinds | (uint32_t)2 << irq % 16 * 2) != 0) return -1;
  if (gl_read(gl, word + 0x80, &groups, 4, 4) != 0) return -1;            /* GICD_IGROUPR: group 1, as IAR1 wants it */
  if (gl_store32(gl, word + 0x80, groups | bit) != 0) return -1;
  return gl_store32(gl, word + 0x100, bit);                               /* GICD_ISENABLER */
}

/*
 * Everything before the first request: identity, the node in the device tree, then the interrupts of this vCPU and of the two
 * queues. Nothing is called that belongs to RM if one of them is not as it must be.
 */
static inline int gl_discover(struct gl *gl, struct gl_rm_node *node) {
  static uint8_t tree[GL_MAX_FRAME];
  if (gl_identify(gl) != 0) return -1;
  int size = gl_device_tree(gl, tree, sizeof tree);
  if (size < 0 || gl_find_rm(gl, tree, (uint32_t)size, node) != 0) return -1;
  if (gl_reg_write(gl, GL_SYSREG(3, 0, 12, 12, 5), 7) != 0) return -1;    /* ICC_SRE_EL1 */
  if (gl_reg_write(gl, GL_SYSREG(3, 0, 4, 6, 0), 0xff) != 0) return -1;   /* ICC_PMR_EL1 */
  if (gl_reg_write(gl, GL_SYSREG(3, 0, 12, 12, 7), 1) != 0) return -1;    /* ICC_IGRPEN1_EL1 */
  if (gl_store32(gl, GH_GICD_BASE, 0x12) != 0) return -1;                 /* GICD_CTLR: ARE, group 1 */
  if (gl_enable_irq(gl, node->tx_irq) != 0) return -1;
  return gl_enable_irq(gl, node->rx_irq);
}

#endif
