/*
 * A client of gunyah-sim's link in one header: connect, drive a vCPU, talk to the Resource Manager.
 * Needs a POSIX system, C11 and nothing else. Include it in one file of a program, with _POSIX_C_SOURCE 200809L.
 *
 * Every function returns 0 or a negative number; gl->error then says what happened.
 */
#ifndef GUNYAH_LINK_H
#define GUNYAH_LINK_H

#include <errno.h>
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
#define GL_NO_INLINE 0xffu
/* gl_hvc: what `inline_dir` means. */
#define GL_TO_HYPERVISOR 0u
#define GL_FROM_HYPERVISOR 1u
#define GL_FROM_HYPERVISOR_X1 2u
/* gl_reg_*: a system register by its encoding. */
#define GL_SYSREG(op0, op1, crn, crm, op2) ((uint32_t)((op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2)))

struct gl {
  int fd;
  uint16_t tag;
  /* An IRQ event came and IRQ_ACK has not returned 1023 since. */
  bool irq;
  /* Status of the last reply, and its syndrome if that was GL_STATUS_EXCEPTION. */
  uint16_t status;
  uint32_t esr;
  struct gl_hello_reply hello;
  char error[192];
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
    ssize_t n = recv(gl->fd, at, size, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return gl_fail(gl, strerror(errno));
    if (n == 0) return gl_fail(gl, "the server closed the connection");
    at += n;
    size -= (size_t)n;
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

static inline int gl_send(struct gl *gl, uint8_t type, const void *head, size_t head_size, const void *data, size_t size) {
  uint32_t length = (uint32_t)(4 + head_size + size);
  if (length > GL_MAX_FRAME) return gl_fail(gl, "the frame is too long");
  gl->tag = gl->tag == 0xffff ? 1 : (uint16_t)(gl->tag + 1);
  memcpy(gl->frame, &length, 4);
  gl->frame[4] = type;
  gl->frame[5] = 0;
  memcpy(gl->frame + 6, &gl->tag, 2);
  if (head_size > 0) memcpy(gl->frame + GL_HEAD, head, head_size);
  if (size > 0) memcpy(gl->frame + GL_HEAD + head_size, data, size);
  return gl_write_all(gl, gl->frame, 4 + length);
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

/* Waits for the reply to the last request; takes note of events before it. Copies the reply's head, returns the length of its data. */
static inline int gl_reply(struct gl *gl, void *head, size_t head_size) {
  for (;;) {
    uint8_t type;
    uint16_t tag;
    int size = gl_receive(gl, &type, &tag);
    if (size < 0) return -1;
    const uint8_t *payload = gl->frame + GL_HEAD;
    if (tag == 0) {
      if (type == GL_EVENT_IRQ) gl->irq = true;
      if (type == GL_EVENT_GOODBYE) {
        snprintf(gl->error, sizeof gl->error, "%.*s", size, (const char *)payload);
        return -1;
      }
      continue;
    }
    if (tag != gl->tag || size < 2) return gl_fail(gl, "the server answered something else");
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

/* Acknowledges and ends the most urgent interrupt: its number, 1023 for none, or negative. */
static inline int gl_take_irq(struct gl *gl) {
  struct gl_irq_ack_reply r;
  struct gl_irq_end_reply done;
  if (gl_send(gl, GL_IRQ_ACK, NULL, 0, NULL, 0) != 0 || gl_reply(gl, &r, sizeof r) < 0 || gl_status(gl) != 0) return -1;
  if (r.intid >= 1020) {
    gl->irq = false;
    return 1023;
  }
  struct gl_irq_end h = {.intid = r.intid};
  if (gl_send(gl, GL_IRQ_END, &h, sizeof h, NULL, 0) != 0 || gl_reply(gl, &done, sizeof done) < 0) return -1;
  return gl_status(gl) != 0 ? -1 : (int)r.intid;
}

/* Waits for an interrupt, or for `timeout_ns` of virtual time (0: no limit). 1: one is pending, 0: time is over. */
static inline int gl_wfi(struct gl *gl, uint64_t timeout_ns) {
  struct gl_wfi h = {.timeout_ns = timeout_ns};
  struct gl_wfi_reply r;
  if (gl_send(gl, GL_WFI, &h, sizeof h, NULL, 0) != 0 || gl_reply(gl, &r, sizeof r) < 0) return -1;
  return gl_status(gl) != 0 ? -1 : r.pending;
}

static inline int gl_bye(struct gl *gl) {
  struct gl_bye_reply r;
  int error = gl_send(gl, GL_BYE, NULL, 0, NULL, 0) != 0 || gl_reply(gl, &r, sizeof r) < 0 ? -1 : 0;
  gl_close(gl);
  return error;
}

/* ---- finding the Resource Manager in a device tree ---------------------------------------------------------------- */

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
      if (strcmp(key, "reg") == 0 && length == 16) {
        out->tx_cap = (uint64_t)gl_be32(value) << 32 | gl_be32(value + 4);
        out->rx_cap = (uint64_t)gl_be32(value + 8) << 32 | gl_be32(value + 12);
        reg = true;
      }
      if (strcmp(key, "interrupts") == 0 && length == 24) {
        out->tx_irq = gl_be32(value + 4) + 32; /* shared interrupts start at 32 */
        out->rx_irq = gl_be32(value + 16) + 32;
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

/* ---- talking to it ------------------------------------------------------------------------------------------------ */

/* Deliberate bugs, for trying out checkers. */
#define GL_BUG_SAME_SEQ 1u          /* every request has sequence number 0 */
#define GL_BUG_NO_REASSEMBLY 2u     /* only the first fragment of a reply is read */
#define GL_BUG_IGNORE_FULL 4u       /* a packet that did not fit the queue counts as sent */
#define GL_BUG_ONE_PER_IRQ 8u       /* one packet per interrupt is taken, not all */
#define GL_BUG_SHORT_REQUEST 16u    /* the last word of every request is missing */
#define GL_BUG_NO_PUSH 32u          /* the queue is not pushed */
#define GL_BUG_DROP_NOTES 64u       /* notifications are thrown away */

struct gl_rpc {
  struct gl *gl;
  struct gl_rm_node rm;
  uint16_t seq;
  unsigned bugs;
  /* Called for every notification. */
  void (*on_note)(void *context, uint32_t id, const uint8_t *payload, uint32_t size);
  void *context;
  /* The message under way: several packets make one. */
  uint8_t message[GH_RPC_MAX_PAYLOAD];
  uint32_t size;
  uint32_t left;
  uint8_t type;
  uint32_t id;
  uint16_t message_seq;
};

/* Finds RM and turns on the interrupts of this vCPU and the one of RM's packets. */
static inline int gl_rpc_open(struct gl_rpc *rpc, struct gl *gl) {
  static uint8_t tree[GL_MAX_FRAME];
  memset(rpc, 0, sizeof *rpc);
  rpc->gl = gl;
  int size = gl_device_tree(gl, tree, sizeof tree);
  if (size < 0 || gl_find_rm(gl, tree, (uint32_t)size, &rpc->rm) != 0) return -1;
  uint64_t word = GH_GICD_BASE + rpc->rm.rx_irq / 32 * 4;
  uint32_t bit = (uint32_t)1 << rpc->rm.rx_irq % 32, groups;
  if (gl_reg_write(gl, GL_SYSREG(3, 0, 12, 12, 5), 7) != 0) return -1;    /* ICC_SRE_EL1 */
  if (gl_reg_write(gl, GL_SYSREG(3, 0, 4, 6, 0), 0xff) != 0) return -1;   /* ICC_PMR_EL1 */
  if (gl_reg_write(gl, GL_SYSREG(3, 0, 12, 12, 7), 1) != 0) return -1;    /* ICC_IGRPEN1_EL1 */
  if (gl_store32(gl, GH_GICD_BASE, 0x12) != 0) return -1;                 /* GICD_CTLR: ARE, group 1 */
  if (gl_read(gl, word + 0x80, &groups, 4, 4) != 0) return -1;            /* GICD_IGROUPR: group 1, as IAR1 wants it */
  if (gl_store32(gl, word + 0x80, groups | bit) != 0) return -1;
  return gl_store32(gl, word + 0x100, bit);                               /* GICD_ISENABLER */
}

/* One packet from RM into `packet` (240 bytes): its length, 0 if there is none. */
static inline int gl_rpc_packet(struct gl_rpc *rpc, uint8_t *packet) {
  uint64_t x[8] = {rpc->rm.rx_cap, 0, GH_RM_QUEUE_MSG_SIZE};
  uint32_t size = GH_RM_QUEUE_MSG_SIZE;
  if (gl_hvc(rpc->gl, GH_HYPERCALL_BASE + GH_CALL_MSGQUEUE_RECEIVE, x, 1, GL_FROM_HYPERVISOR_X1, packet, &size) != 0) return -1;
  if ((uint32_t)x[0] == GH_ERROR_MSGQUEUE_EMPTY) return 0;
  return x[0] != 0 ? gl_fail(rpc->gl, "receiving failed") : (int)size;
}

/* Adds a packet to the message under way. 1: the message is complete. */
static inline int gl_rpc_assemble(struct gl_rpc *rpc, const uint8_t *packet, uint32_t size) {
  if (size < 8 || packet[0] != 0x21) return 0;
  uint8_t type = packet[1] & 3;
  uint32_t more = packet[1] >> 2, id;
  uint16_t seq;
  memcpy(&seq, packet + 2, 2);
  memcpy(&id, packet + 4, 4);
  if (type == 0) {
    if (rpc->left == 0 || id != rpc->id || seq != rpc->message_seq) return 0;
    rpc->left--;
  } else {
    rpc->size = 0;
    rpc->type = type;
    rpc->id = id;
    rpc->message_seq = seq;
    rpc->left = (rpc->bugs & GL_BUG_NO_REASSEMBLY) != 0 ? 0 : more;
  }
  if (size - 8 > sizeof rpc->message - rpc->size) return 0;
  memcpy(rpc->message + rpc->size, packet + 8, size - 8);
  rpc->size += size - 8;
  return rpc->left == 0;
}

/* Sends one request, cut into packets; waits while the queue is full. */
static inline int gl_rpc_send(struct gl_rpc *rpc, uint32_t id, const void *payload, uint32_t size) {
  struct gl *gl = rpc->gl;
  if (size > GH_RPC_MAX_PAYLOAD) return gl_fail(gl, "the payload is too long");
  uint32_t fragments = size == 0 ? 0 : (size - 1) / GH_RPC_MAX_CONTENT;
  for (uint32_t i = 0; i <= fragments; i++) {
    uint8_t packet[GH_RM_QUEUE_MSG_SIZE];
    uint32_t at = i * GH_RPC_MAX_CONTENT, part = size - at < GH_RPC_MAX_CONTENT ? size - at : GH_RPC_MAX_CONTENT;
    packet[0] = 0x21;
    packet[1] = (uint8_t)(fragments << 2 | (i == 0 ? 1 : 0));
    memcpy(packet + 2, &rpc->seq, 2);
    memcpy(packet + 4, &id, 4);
    if (part > 0) memcpy(packet + 8, (const uint8_t *)payload + at, part);
    for (;;) {
      uint64_t x[8] = {rpc->rm.tx_cap, 8 + part, 0, (rpc->bugs & GL_BUG_NO_PUSH) != 0 ? 0 : 1};
      uint32_t length = 8 + part;
      if (gl_hvc(gl, GH_HYPERCALL_BASE + GH_CALL_MSGQUEUE_SEND, x, 2, GL_TO_HYPERVISOR, packet, &length) != 0) return -1;
      if (x[0] == 0) break;
      if ((uint32_t)x[0] != GH_ERROR_MSGQUEUE_FULL) return gl_fail(gl, "sending failed");
      if ((rpc->bugs & GL_BUG_IGNORE_FULL) != 0) break;
      uint64_t yield[8] = {0};
      if (gl_call(gl, GH_CALL_SCHEDULER_YIELD, yield) != 0) return -1;
    }
  }
  return 0;
}

/* Takes packets until a reply to (id, seq) is complete: 1. 0: the queue is empty. */
static inline int gl_rpc_drain(struct gl_rpc *rpc, uint32_t id, uint16_t seq) {
  uint8_t packet[GH_RM_QUEUE_MSG_SIZE];
  for (;;) {
    int size = gl_rpc_packet(rpc, packet);
    if (size <= 0) return size;
    if (gl_rpc_assemble(rpc, packet, (uint32_t)size) == 1) {
      if (rpc->type == 2 && rpc->id == id && rpc->message_seq == seq) return 1;
      if (rpc->type == 3 && rpc->on_note != NULL && (rpc->bugs & GL_BUG_DROP_NOTES) == 0)
        rpc->on_note(rpc->context, rpc->id, rpc->message, rpc->size);
    }
    if ((rpc->bugs & GL_BUG_ONE_PER_IRQ) != 0) return 0;
  }
}

/*
 * One request and its reply. The reply's payload, error code first, is rpc->message until the next call; returns its
 * length. -1 also when RM does not answer within a second of virtual time.
 */
static inline int gl_rpc_request(struct gl_rpc *rpc, uint32_t id, const void *payload, uint32_t size) {
  if ((rpc->bugs & GL_BUG_SHORT_REQUEST) != 0 && size >= 4) size -= 4;
  if (gl_rpc_send(rpc, id, payload, size) != 0) return -1;
  uint16_t seq = rpc->seq;
  if ((rpc->bugs & GL_BUG_SAME_SEQ) == 0) rpc->seq++;
  for (int quiet = 0; quiet < 10;) {
    int found = gl_rpc_drain(rpc, id, seq);
    if (found < 0) return -1;
    if (found == 1) return rpc->size < 4 ? gl_fail(rpc->gl, "a reply without error code") : (int)rpc->size;
    int pending = gl_wfi(rpc->gl, 100000000);
    if (pending < 0) return -1;
    if (pending == 0) quiet++;
    else if (gl_take_irq(rpc->gl) < 0) return -1;
  }
  return gl_fail(rpc->gl, "the Resource Manager does not answer");
}

#endif
