/*
 * A client of level T for `gunyah-sim conform`: calls and notifications over the two queues, driven by their interrupts.
 *
 *   gunyah-sim conform --level T --client './clients/c/conform_client {link}'
 *
 * One request is outstanding at a time. Leaves out VMs; and requests of 14385 bytes and more are refused.
 */
#include <poll.h>

#include "gunyah_link.h"
#include "upper_tester.h"

#define MAX_CALLS 64
#define MAX_REQUEST (62 * 232)
#define MAX_EMPTY 16
#define CONTENT 232u

struct call {
  uint32_t ticket, id, size, sent;
  uint16_t seq;
  uint8_t *payload;
};

struct assembly {
  int active;
  uint32_t id, left, count, size;
  uint16_t seq;
  uint8_t bytes[63 * 232];
};

static struct gl gl;
static struct gl_rpc rpc;
static struct ut ut;
static struct call calls[MAX_CALLS];
static unsigned first, count;
/* The call at the front has its number; its request may be half sent. */
static int begun, may_send = 1, early;
static uint32_t early_error, early_size;
static uint8_t early_data[63 * 232];
static uint16_t next_seq;
static struct assembly reply, note;
/* Set by `onnotify`: a call to make when this notification comes. */
static uint32_t handler_id;
static char handler[256];

static struct call *front(void) { return count > 0 ? &calls[first] : NULL; }

static void pop(void) {
  free(calls[first].payload);
  first = (first + 1) % MAX_CALLS;
  count--;
  begun = early = 0;
  reply.active = 0;
}

static void begin(uint32_t ticket, uint32_t id, const uint8_t *payload, uint32_t size) {
  if (size > MAX_REQUEST || count == MAX_CALLS) {
    ut_failed(ticket, "too long, or too many");
    return;
  }
  struct call *c = &calls[(first + count++) % MAX_CALLS];
  *c = (struct call){.ticket = ticket, .id = id, .size = size, .payload = malloc(size + 1)};
  if (size > 0) memcpy(c->payload, payload, size);
}

static void finished(uint32_t error, const uint8_t *data, uint32_t size) {
  ut_reply(front()->ticket, error, data, size);
  pop();
}

static uint32_t fragments_of(const struct call *c) { return c->size == 0 ? 0 : (c->size - 1) / CONTENT; }

/* Sends what the queue takes. */
static void advance(void) {
  for (struct call *c = front(); c != NULL && may_send; c = front()) {
    if (!begun) {
      begun = 1;
      c->sent = 0;
      c->seq = next_seq++;
    }
    uint32_t n = fragments_of(c), at = c->sent * CONTENT;
    if (c->sent > n) {
      if (!early) return;
      finished(early_error, early_data, early_size);
      continue;
    }
    uint32_t part = c->size - at < CONTENT ? c->size - at : CONTENT, length = 8 + part;
    uint8_t packet[240] = {0x21, (uint8_t)(n << 2 | (c->sent == 0 ? 1 : 0))};
    memcpy(packet + 2, &c->seq, 2);
    memcpy(packet + 4, &c->id, 4);
    memcpy(packet + 8, c->payload + at, part);
    uint64_t x[8] = {rpc.rm.tx_cap, length, 0, c->sent == n};
    if (gl_hvc(&gl, GH_HYPERCALL_BASE + GH_CALL_MSGQUEUE_SEND, x, 2, GL_TO_HYPERVISOR, packet, &length) != 0) exit(1);
    if ((uint32_t)x[0] == GH_ERROR_MSGQUEUE_FULL) {
      may_send = 0;
    } else if ((uint32_t)x[0] != 0) {
      ut_failed(c->ticket, "send");
      pop();
    } else {
      c->sent++;
      if (x[1] == 0) may_send = 0;
    }
  }
}

static void complete_reply(void) {
  struct call *c = front();
  reply.active = 0;
  if (c == NULL || !begun) return;
  if (reply.size < 4) {
    ut_failed(c->ticket, "malformed reply");
    pop();
    return;
  }
  memcpy(&early_error, reply.bytes, 4);
  early_size = reply.size - 4;
  memcpy(early_data, reply.bytes + 4, early_size);
  early = 1;
  if (c->sent > fragments_of(c)) finished(early_error, early_data, early_size);
}

static void complete_note(void) {
  note.active = 0;
  ut_notify(note.id, note.bytes, note.size);
  if (handler_id == 0 || note.id != handler_id) return;
  uint32_t ticket, id;
  handler_id = 0;
  if (sscanf(handler, "%u %x", &ticket, &id) == 2) begin(ticket, id, NULL, 0);
}

static void take(const uint8_t *b, uint32_t size) {
  if (size < 8 || b[0] != 0x21 || b[1] >> 2 > 62) return;
  uint32_t type = b[1] & 3, n = b[1] >> 2, id, part = size - 8;
  uint16_t seq;
  memcpy(&seq, b + 2, 2);
  memcpy(&id, b + 4, 4);
  struct assembly *a = NULL;
  if (type == 0) {
    struct assembly *all[] = {&reply, &note};
    for (int i = 0; i < 2 && a == NULL; i++)
      if (all[i]->active && all[i]->id == id && all[i]->seq == seq && all[i]->count == n) a = all[i];
    if (a == NULL || a->size + part > sizeof a->bytes) return;
    memcpy(a->bytes + a->size, b + 8, part);
    a->size += part;
    a->left--;
  } else {
    struct call *c = front();
    if (type == 1) return;
    if (type == 2 && (c == NULL || !begun || c->seq != seq || c->id != id)) return;
    a = type == 2 ? &reply : &note;
    a->active = 1;
    a->id = id;
    a->seq = seq;
    a->count = a->left = n;
    a->size = part;
    memcpy(a->bytes, b + 8, part);
  }
  if (a->left > 0) return;
  if (a == &reply) complete_reply();
  else complete_note();
}

static void drain(void) {
  for (int empty = 0; empty < MAX_EMPTY;) {
    uint8_t packet[240];
    uint32_t size = sizeof packet;
    uint64_t x[8] = {rpc.rm.rx_cap, 0, sizeof packet};
    if (gl_hvc(&gl, GH_HYPERCALL_BASE + GH_CALL_MSGQUEUE_RECEIVE, x, 1, GL_FROM_HYPERVISOR_X1, packet, &size) != 0) exit(1);
    if ((uint32_t)x[0] != 0) return;
    if (size == 0) empty++;
    else take(packet, size);
    if (x[2] == 0) return;
  }
}

static void interrupts(void) {
  for (;;) {
    int irq = gl_take_irq(&gl);
    if (irq < 0) return;
    if (irq == 0 || irq == 1023) return;
    if ((uint32_t)irq == rpc.rm.rx_irq) drain();
    else may_send = 1;
  }
}

static void cancel(uint32_t ticket) {
  for (unsigned i = 0; i < count; i++) {
    struct call *c = &calls[(first + i) % MAX_CALLS];
    if (c->ticket != ticket) continue;
    ut_failed(ticket, "cancelled");
    free(c->payload);
    for (unsigned k = i; k + 1 < count; k++) calls[(first + k) % MAX_CALLS] = calls[(first + k + 1) % MAX_CALLS];
    count--;
    if (i == 0) begun = early = reply.active = 0;
    return;
  }
}

static void command(const struct ut_command *c) {
  if (strcmp(c->verb, "call") == 0) begin(c->ticket, c->id, c->payload, c->size);
  else if (strcmp(c->verb, "cancel") == 0) cancel(c->ticket);
  else if (strcmp(c->verb, "audit") == 0) ut_audit(c->ticket, count);
  else if (strcmp(c->verb, "onnotify") == 0) sscanf(c->words, "%x %255[^\n]", &handler_id, handler);
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: conform_client unix:PATH|tcp:HOST:PORT\n");
    return 2;
  }
  if (gl_connect(&gl, argv[1]) != 0 || gl_hello(&gl, 3, 0, false, 0, "conform_client") != 0 || gl_rpc_open(&rpc, &gl) != 0) {
    fprintf(stderr, "conform_client: %s\n", gl.error);
    return 1;
  }
  ut_hello("T");
  drain();
  for (;;) {
    struct pollfd fds[2] = {{.fd = UT_FD, .events = POLLIN}, {.fd = gl.fd, .events = POLLIN}};
    if (!gl.irq && poll(fds, 2, -1) < 0) return 1;
    if (fds[1].revents != 0) {
      uint8_t type;
      uint16_t tag;
      if (gl_receive(&gl, &type, &tag) < 0) return 0;
      if (type == GL_EVENT_IRQ) gl.irq = true;
    }
    if (gl.irq) interrupts();
    for (int more = ut_read(&ut, fds[0].revents != 0); more != 0; more = ut_read(&ut, 0)) {
      if (more < 0) return 0;
      command(&ut.command);
      advance();
    }
    advance();
  }
}
