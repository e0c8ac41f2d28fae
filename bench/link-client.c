/*
 * The link as fast as a client can make it, for `npm run bench`: what the server does per second is not hidden behind a slow client.
 *
 *   link-client PATH echo|rpc|vcpu DEPTH MS
 *
 * echo: as many bytes back as were sent, by any server that does that. rpc: VM_GET_HYP_RESOURCES in RPC-only mode. vcpu: the same by
 * hypercalls of the primary VM's boot vCPU, all frames of an RPC in one write. Prints RPCs per second.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "gunyah_ids.h"

#define FRAME_HEAD 8
#define RX_IRQ 961u
#define SYSREG(op0, op1, crn, crm, op2) ((op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))

static int fd;
static uint8_t out[1 << 20], in[1 << 20];
static size_t filled, have;

static void die(const char *what) {
  fprintf(stderr, "link-client: %s\n", what);
  exit(1);
}

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

/* Appends a frame to what flush() writes. */
static void frame(uint8_t type, const void *head, size_t head_size, const void *data, size_t size) {
  uint32_t length = (uint32_t)(4 + head_size + size);
  memcpy(out + filled, &length, 4);
  out[filled + 4] = type;
  out[filled + 5] = 0;
  out[filled + 6] = 1;
  out[filled + 7] = 0;
  if (head_size > 0) memcpy(out + filled + FRAME_HEAD, head, head_size);
  if (size > 0) memcpy(out + filled + FRAME_HEAD + head_size, data, size);
  filled += 4 + length;
}

static void flush(void) {
  for (size_t at = 0; at < filled;) {
    ssize_t n = send(fd, out + at, filled - at, MSG_NOSIGNAL);
    if (n <= 0) die("sending failed");
    at += (size_t)n;
  }
  filled = 0;
}

static void read_more(void) {
  ssize_t n = recv(fd, in + have, sizeof in - have, 0);
  if (n <= 0) die("the server closed the connection");
  have += (size_t)n;
}

/* Frames of `type` among those that have come, which are then forgotten. The payload of the last is copied to `last`. */
static unsigned take(uint8_t type, void *last, size_t size) {
  unsigned found = 0;
  size_t at = 0;
  for (uint32_t length; have - at >= FRAME_HEAD; at += 4 + length) {
    memcpy(&length, in + at, 4);
    if (have - at < 4 + length) break;
    if (in[at + 4] == GL_EVENT_GOODBYE) die("goodbye");
    if (in[at + 4] != type) continue;
    found++;
    if (size > 0) memcpy(last, in + at + FRAME_HEAD, length - 4 < size ? length - 4 : size);
  }
  memmove(in, in + at, have - at);
  have -= at;
  return found;
}

static void hello(uint8_t mode) {
  struct gl_hello h = {.magic = GL_MAGIC, .version_min = GL_VERSION_MIN, .version_max = GL_VERSION_MAX, .vmid = 3, .mode = mode};
  struct gl_hello_reply r;
  frame(GL_HELLO, &h, sizeof h, NULL, 0);
  flush();
  do read_more();
  while (take(GL_HELLO | GL_REPLY, &r, sizeof r) == 0);
  if (r.status != GL_STATUS_OK) die("refused");
}

/* VM_GET_HYP_RESOURCES of the asker itself. */
static const uint8_t packet[12] = {0x21, 1, 1, 0, 0x23, 0, 0, 0x56};

static void hvc(uint16_t call, const uint64_t x[8], uint8_t reg, uint8_t dir, uint32_t length, const void *data) {
  struct gl_hvc h = {.imm = (uint16_t)(GH_HYPERCALL_BASE + call), .inline_reg = reg, .inline_dir = dir, .inline_length = length};
  memcpy(h.x, x, sizeof h.x);
  frame(GL_HVC, &h, sizeof h, data, data == NULL ? 0 : length);
}

static const uint64_t receive_x[8] = {1, 0, GH_RM_QUEUE_MSG_SIZE};

static void vcpu_setup(void) {
  static const struct { uint32_t reg, value; } regs[] = {
    {SYSREG(3, 0, 12, 12, 5), 7}, {SYSREG(3, 0, 4, 6, 0), 0xff}, {SYSREG(3, 0, 12, 12, 7), 1}};
  static const struct { uint32_t at, value; } words[] = {
    {0, 0x12}, {0x80 + RX_IRQ / 32 * 4, 1u << RX_IRQ % 32}, {0x100 + RX_IRQ / 32 * 4, 1u << RX_IRQ % 32}};
  for (int i = 0; i < 3; i++) {
    struct gl_reg_write w = {.reg = regs[i].reg, .value = regs[i].value};
    frame(GL_REG_WRITE, &w, sizeof w, NULL, 0);
  }
  for (int i = 0; i < 3; i++) {
    struct gl_mem_write w = {.ipa = GH_GICD_BASE + words[i].at, .width = 4};
    frame(GL_MEM_WRITE, &w, sizeof w, &words[i].value, 4);
  }
  /* What came while the machine booted, and its interrupt. */
  struct gl_hvc_reply r;
  struct gl_irq_end end_irq = {.intid = RX_IRQ};
  do {
    frame(GL_IRQ_ACK, NULL, 0, NULL, 0);
    hvc(GH_CALL_MSGQUEUE_RECEIVE, receive_x, 1, 2, GH_RM_QUEUE_MSG_SIZE, NULL);
    frame(GL_IRQ_END, &end_irq, sizeof end_irq, NULL, 0);
    flush();
    do read_more();
    while (take(GL_HVC | GL_REPLY, &r, sizeof r) == 0);
  } while (r.x[0] == 0);
}

/* Send, wait, acknowledge, receive, end: everything that an RPC takes, without looking at the answers in between. */
static void vcpu_rpc(void) {
  static const uint64_t send_x[8] = {0, sizeof packet, 0, 1};
  struct gl_wfi wait = {.timeout_ns = 0};
  struct gl_irq_end end = {.intid = RX_IRQ};
  hvc(GH_CALL_MSGQUEUE_SEND, send_x, 2, 0, sizeof packet, packet);
  frame(GL_WFI, &wait, sizeof wait, NULL, 0);
  frame(GL_IRQ_ACK, NULL, 0, NULL, 0);
  hvc(GH_CALL_MSGQUEUE_RECEIVE, receive_x, 1, 2, GH_RM_QUEUE_MSG_SIZE, NULL);
  frame(GL_IRQ_END, &end, sizeof end, NULL, 0);
}

int main(int argc, char **argv) {
  if (argc != 5) die("PATH echo|rpc|vcpu DEPTH MS");
  unsigned depth = (unsigned)atoi(argv[3]);
  double ms = atof(argv[4]);
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  if (strlen(argv[1]) >= sizeof to.sun_path) die("the path is too long");
  strcpy(to.sun_path, argv[1]);
  fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0) die("cannot connect");
  bool echo = strcmp(argv[2], "echo") == 0, vcpu = strcmp(argv[2], "vcpu") == 0;
  if (!echo) hello(vcpu ? 0 : 1);
  if (vcpu) vcpu_setup();
  unsigned outstanding = 0;
  double start = now_ms(), end = start;
  unsigned long answered = 0;
  for (unsigned turns = 0; end - start < ms; turns++) {
    for (; outstanding < depth; outstanding++) {
      if (vcpu) vcpu_rpc();
      else frame(GL_RPC_SEND, packet, sizeof packet, NULL, 0);
    }
    flush();
    read_more();
    unsigned found;
    if (vcpu) {
      struct gl_hvc_reply r;
      found = take(GL_HVC | GL_REPLY, &r, sizeof r);
      /* Two calls make an RPC; they may not arrive together. */
      static unsigned calls;
      calls += found;
      found = calls / 2;
      calls %= 2;
      if (found > 0 && r.x[0] != 0) die("no message after the interrupt");
    } else {
      found = take(echo ? GL_RPC_SEND : GL_EVENT_RPC_PACKET, NULL, 0);
    }
    outstanding -= found;
    answered += found;
    if (turns % 16 == 0 || depth > 1) end = now_ms();
  }
  if (!echo) {
    /* Until the server has closed: the next client wants the same vCPU. */
    frame(GL_BYE, NULL, 0, NULL, 0);
    flush();
    while (recv(fd, in, sizeof in, 0) > 0) continue;
  }
  printf("%.0f\n", answered * 1e3 / (end - start));
  return 0;
}
