/*
 * A client of the Resource Manager: requests out, replies and notifications in, driven by the interrupts of the two queues.
 * Knows nothing of the simulator: whoever uses it hands over msgqueue_send and msgqueue_receive (struct gr_port), calls
 * gr_tx_irq and gr_rx_irq when the interrupts come, and hears of replies and notifications.
 *
 * One request is outstanding at a time: RM keeps one pending reply. A request is cancelled by its ticket.
 * `bug` is one of the deliberate bugs of mutants.h; 0 is the correct client.
 */
#ifndef GUNYAH_RM_H
#define GUNYAH_RM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gunyah_ids.h"
#include "mutants.h"

#define GR_PACKET GH_RM_QUEUE_MSG_SIZE
#define GR_HEADER 8u
#define GR_CONTENT GH_RPC_MAX_CONTENT
#define GR_MAX_CALLS 128u
/* Ticket of a call that was given up while it was being sent. */
#define GR_NOBODY UINT32_MAX
/* Receives without data in a row after which the queue is given up until the next interrupt. */
#define GR_MAX_EMPTY 16

enum { GR_CONTINUED, GR_REQUEST, GR_REPLY, GR_NOTIFICATION };

struct gr_port {
  /* msgqueue_send, msgqueue_receive: the hypervisor's error. */
  uint32_t (*send)(const uint8_t *packet, uint32_t size, bool push, bool *not_full);
  uint32_t (*receive)(uint8_t packet[GR_PACKET], uint32_t *size, bool *not_empty);
  /* A call ended: with RM's error code and the bytes behind it, or without (reason). */
  void (*reply)(uint32_t ticket, uint32_t error, const uint8_t *data, uint32_t size);
  void (*failed)(uint32_t ticket, const char *reason);
  void (*note)(uint32_t id, const uint8_t *payload, uint32_t size);
};

struct gr_call {
  uint32_t ticket, id, size;
  uint8_t *payload;
};

/* A message of several packets until it is whole. */
struct gr_message {
  bool active;
  uint16_t seq;
  uint32_t id, count, left, size;
  uint8_t *bytes;
};

struct gr {
  const struct gr_port *port;
  enum gr_bug bug;
  /* Calls in their order; of the first one `sent` packets are out, if `begun`. */
  struct gr_call calls[GR_MAX_CALLS];
  uint32_t first, count, sent;
  bool begun, may_send;
  uint16_t seq, next_seq;
  /* The reply came before the request was out: it waits here. */
  bool early;
  struct gr_message reply, note;
  /* The next this many allocations fail. */
  unsigned fail_allocations;
  /* What only mutants need. */
  bool deaf, started;
  uint32_t stale_id, leaked, spurious;
};

static inline void gr_open(struct gr *gr, const struct gr_port *port, enum gr_bug bug) {
  *gr = (struct gr){.port = port, .bug = bug, .may_send = true};
}

static inline struct gr_call *gr_front(struct gr *gr) { return gr->count > 0 ? &gr->calls[gr->first] : NULL; }

/* Requests and sequence numbers that are still held: 0 when idle. */
static inline uint32_t gr_held(const struct gr *gr) { return gr->count + gr->leaked; }

/* ---- sending ------------------------------------------------------------------------------------------------------ */

static inline void gr_advance(struct gr *gr);

static inline void gr_pop(struct gr *gr) {
  free(gr_front(gr)->payload);
  gr->first = (gr->first + 1) % GR_MAX_CALLS;
  gr->count--;
  gr->begun = gr->early = gr->reply.active = false;
}

static inline void gr_fail(struct gr *gr, const char *reason) {
  uint32_t ticket = gr_front(gr)->ticket;
  gr_pop(gr);
  if (ticket != GR_NOBODY) gr->port->failed(ticket, reason);
}

/* Makes a request. It ends with port->reply or port->failed, perhaps before this returns. */
static inline void gr_begin(struct gr *gr, uint32_t ticket, uint32_t id, const void *payload, uint32_t size) {
  if (gr->bug == GR_BUG_SHORT_REQUEST && size >= 4) size -= 4;
  if ((size > GH_RPC_MAX_PAYLOAD && gr->bug != GR_BUG_NO_SIZE_LIMIT) || gr->count == GR_MAX_CALLS) {
    gr->port->failed(ticket, "too long, or too many");
    return;
  }
  if (gr->bug == GR_BUG_EMPTY_REFUSED && size == 0) {
    gr->port->failed(ticket, "empty");
    return;
  }
  if (gr->bug == GR_BUG_STALE_REPLY && gr->stale_id == id) {
    gr->port->reply(ticket, 0, NULL, 0);
    return;
  }
  uint8_t *copy = malloc(size + 1);
  if (copy == NULL) {
    gr->port->failed(ticket, "no memory");
    return;
  }
  if (size > 0) memcpy(copy, payload, size);
  gr->calls[(gr->first + gr->count++) % GR_MAX_CALLS] = (struct gr_call){ticket, id, size, copy};
  gr_advance(gr);
}

static inline uint32_t gr_content(const struct gr *gr) { return gr->bug == GR_BUG_LONG_FRAGMENTS ? 240 : GR_CONTENT; }

/* Packets after the first. */
static inline uint32_t gr_fragments(const struct gr *gr, const struct gr_call *c) {
  if (gr->bug == GR_BUG_COUNT_WHEN_FULL) return c->size / gr_content(gr);
  return c->size == 0 ? 0 : (c->size - 1) / gr_content(gr);
}

static inline uint32_t gr_packet(const struct gr *gr, const struct gr_call *c, uint8_t packet[]) {
  uint32_t n = gr_fragments(gr, c), most = gr_content(gr), at = gr->sent * most, left = c->size - at;
  uint32_t part = left < most ? left : most;
  uint16_t seq = gr->bug == GR_BUG_CONTINUED_SEQ && gr->sent > 0 ? 0 : gr->seq;
  packet[0] = gr->bug == GR_BUG_API_BYTE && gr->seq == 3 ? 0x31 : 0x21;
  packet[1] = (uint8_t)(n << 2 | (gr->sent == 0 ? GR_REQUEST : GR_CONTINUED));
  memcpy(packet + 2, &seq, 2);
  memcpy(packet + 4, &c->id, 4);
  memcpy(packet + GR_HEADER, c->payload + at, part);
  return GR_HEADER + part;
}

static inline void gr_finish(struct gr *gr);

/* Sends what the queue takes. */
static inline void gr_advance(struct gr *gr) {
  for (struct gr_call *c = gr_front(gr); c != NULL && gr->may_send; c = gr_front(gr)) {
    if (!gr->begun) {
      gr->begun = true;
      gr->sent = 0;
      gr->seq = gr->bug == GR_BUG_SAME_SEQ ? 0 : gr->next_seq++;
    }
    uint32_t n = gr_fragments(gr, c);
    if (gr->sent > n) {
      if (c->ticket == GR_NOBODY) gr_pop(gr);
      else if (gr->early) gr_finish(gr);
      else return;
      continue;
    }
    uint8_t packet[GR_PACKET + GR_HEADER];
    bool not_full = true, last = gr->sent == n;
    uint32_t size = gr_packet(gr, c, packet);
    uint32_t error = gr->port->send(packet, size, last && gr->bug != GR_BUG_NO_PUSH, &not_full);
    if (error == GH_ERROR_MSGQUEUE_FULL) {
      if (gr->bug == GR_BUG_IGNORE_FULL) gr->sent++;
      if (gr->bug != GR_BUG_FULL_SPINS) gr->may_send = false;
    } else if (error == GH_ERROR_OK) {
      if (not_full || gr->bug != GR_BUG_RESENDS_LAST) gr->sent++;
      gr->may_send = not_full;
    } else if (gr->bug == GR_BUG_SEND_ERROR_HANGS) {
      return;
    } else {
      gr_fail(gr, "the hypervisor refused to send");
    }
  }
}

/* The call is given up: it ends with port->failed now. */
static inline void gr_cancel(struct gr *gr, uint32_t ticket) {
  if (gr->bug == GR_BUG_NO_CANCEL) return;
  for (uint32_t i = 0; i < gr->count; i++) {
    struct gr_call *c = &gr->calls[(gr->first + i) % GR_MAX_CALLS];
    if (c->ticket != ticket) continue;
    /* What is half sent must be sent: RM waits for the rest. */
    if (i == 0 && gr->begun && gr->sent > 0 && gr->sent <= gr_fragments(gr, c)) {
      c->ticket = GR_NOBODY;
    } else if (i == 0) {
      gr_pop(gr);
    } else {
      free(c->payload);
      for (uint32_t k = i; k + 1 < gr->count; k++)
        gr->calls[(gr->first + k) % GR_MAX_CALLS] = gr->calls[(gr->first + k + 1) % GR_MAX_CALLS];
      gr->count--;
    }
    gr->port->failed(ticket, "cancelled");
    break;
  }
  gr_advance(gr);
}

/* The send queue has room again. */
static inline void gr_tx_irq(struct gr *gr) {
  gr->may_send = true;
  gr_advance(gr);
}

/* ---- receiving ---------------------------------------------------------------------------------------------------- */

static inline void *gr_allocate(struct gr *gr, size_t size) {
  if (gr->fail_allocations == 0) return malloc(size);
  gr->fail_allocations--;
  return NULL;
}

static inline void gr_append(struct gr_message *m, const uint8_t *data, uint32_t size) {
  if (size > 0) memcpy(m->bytes + m->size, data, size);
  m->size += size;
}

/* Begins a message of `count` packets after this one. False: no memory. */
static inline bool gr_start(struct gr *gr, struct gr_message *m, uint32_t id, uint16_t seq, uint32_t count) {
  free(m->bytes);
  *m = (struct gr_message){.id = id, .seq = seq, .count = count, .left = count};
  m->bytes = gr_allocate(gr, (count + 1) * GR_CONTENT);
  m->active = m->bytes != NULL;
  return m->active;
}

/* The reply of the first call is whole and its request is out. */
static inline void gr_finish(struct gr *gr) {
  struct gr_message *m = &gr->reply;
  uint32_t ticket = gr_front(gr)->ticket, error = 0;
  memcpy(&error, m->bytes, 4);
  if (gr->bug == GR_BUG_LATE_CODES_OK && error >= GH_RM_IN_USE && error <= GH_RM_VM_STATE) error = 0;
  if (gr->bug == GR_BUG_NEW_CODES_OK && error > GH_RM_VM_STATE && error != GH_RM_UNIMPLEMENTED) error = 0;
  if (gr->bug == GR_BUG_ONE_CODE && error != 0 && error <= GH_RM_IRQ_RELEASED) error = GH_RM_NOMEM;
  if (gr->bug == GR_BUG_LEAKS_ON_ERROR && error != 0) gr->leaked++;
  gr_pop(gr);
  if (ticket != GR_NOBODY) gr->port->reply(ticket, error, m->bytes + 4, m->size - 4);
}

static inline void gr_whole_reply(struct gr *gr) {
  struct gr_message *m = &gr->reply;
  m->active = false;
  if (gr_front(gr) == NULL || !gr->begun) return;
  if (m->size < 4) {
    if (gr->bug != GR_BUG_SHORT_REPLY_HANGS) gr_fail(gr, "a reply without an error code");
  } else if (gr->sent > gr_fragments(gr, gr_front(gr))) {
    gr_finish(gr);
  } else {
    gr->early = true;
  }
}

static inline void gr_whole_note(struct gr *gr) {
  gr->note.active = false;
  if (gr->bug == GR_BUG_DROP_NOTES) return;
  gr->port->note(gr->note.id, gr->note.bytes, gr->note.size);
}

static inline bool gr_same(const struct gr *gr, const struct gr_message *m, uint32_t id, uint16_t seq, uint32_t count) {
  return m->active && (m->id == id || gr->bug == GR_BUG_CONTINUED_ID_UNCHECKED) &&
         (m->seq == seq || gr->bug == GR_BUG_CONTINUED_SEQ_UNCHECKED) &&
         (m->count == count || gr->bug == GR_BUG_CONTINUED_COUNT_UNCHECKED);
}

static inline bool gr_expected(const struct gr *gr, const struct gr_call *c, uint32_t id, uint16_t seq) {
  return c != NULL && gr->begun && (gr->seq == seq || gr->bug == GR_BUG_MATCH_ID_ONLY) &&
         (c->id == id || gr->bug == GR_BUG_MATCH_SEQ_ONLY);
}

/* One packet. Whatever is malformed counts as absent. False: leave the loop (a mutant). */
static inline bool gr_take(struct gr *gr, const uint8_t *b, uint32_t size) {
  bool foreign = size < GR_HEADER || b[0] != 0x21;
  if (foreign && gr->bug == GR_BUG_JUNK_ENDS_LOOP) return false;
  if (size < GR_HEADER || (foreign && gr->bug != GR_BUG_API_BYTE_UNCHECKED)) return true;
  uint32_t type = b[1] & 3, count = b[1] >> 2, id, part = size - GR_HEADER;
  uint16_t seq;
  memcpy(&seq, b + 2, 2);
  memcpy(&id, b + 4, 4);
  if (count > GH_RPC_MAX_FRAGMENTS && gr->bug != GR_BUG_COUNT_UNCHECKED) return true;
  if (type == GR_REQUEST) {
    if (gr->bug != GR_BUG_REQUEST_IS_REPLY) return gr->bug != GR_BUG_JUNK_ENDS_LOOP;
    type = GR_REPLY;
  }
  struct gr_message *m;
  if (type == GR_CONTINUED) {
    m = gr_same(gr, &gr->reply, id, seq, count) ? &gr->reply : gr_same(gr, &gr->note, id, seq, count) ? &gr->note : NULL;
    if (m == NULL) {
      if (gr->bug == GR_BUG_STRAY_CRASH && !gr->reply.active) abort();
      return true;
    }
    if (part == 0 && gr->bug == GR_BUG_EMPTY_DROPPED) return true;
    m->left--;
  } else {
    if (type == GR_REPLY && !gr_expected(gr, gr_front(gr), id, seq)) {
      gr->stale_id = id;
      if (gr->bug == GR_BUG_REPLY_IS_NOTE) gr->port->note(id, b + GR_HEADER, part);
      return true;
    }
    if (type == GR_REPLY && gr->early) return true;
    m = type == GR_REPLY ? &gr->reply : &gr->note;
    if (gr->bug == GR_BUG_FIRST_TWICE && m->active && m->id == id && m->seq == seq) {
      gr_append(m, b + GR_HEADER, part);
      return true;
    }
    if (gr->bug == GR_BUG_NOTE_KILLS_REPLY && type == GR_NOTIFICATION) gr->reply.active = false;
    if (gr->bug == GR_BUG_NOTE_ONE_FRAGMENT && type == GR_NOTIFICATION && count > 0) return true;
    if (!gr_start(gr, m, id, seq, count)) {
      if (gr->bug == GR_BUG_NO_MEMORY_HANGS) return true;
      if (type == GR_REPLY) gr_fail(gr, "no memory for the reply");
      return true;
    }
    if (gr->bug == GR_BUG_NO_REASSEMBLY) m->left = 0;
  }
  if (gr->bug == GR_BUG_SHORT_FRAGMENTS && count > 0 && part > 228) part = 228;
  gr_append(m, b + GR_HEADER, part);
  if (m->left == 0) (m == &gr->reply ? gr_whole_reply : gr_whole_note)(gr);
  return true;
}

/* The receive queue may hold something: takes everything. */
static inline void gr_rx_irq(struct gr *gr) {
  for (int empty = 0, n = 0; empty < GR_MAX_EMPTY && !gr->deaf; n++) {
    uint8_t packet[GR_PACKET];
    uint32_t size = 0;
    bool more = false;
    if (gr->bug == GR_BUG_ONE_PER_IRQ && n > 0) break;
    uint32_t error = gr->port->receive(packet, &size, &more);
    if (error != GH_ERROR_OK) {
      if (n == 0) gr->spurious++;
      gr->deaf = (gr->bug == GR_BUG_RECEIVE_ERROR_FATAL && error != GH_ERROR_MSGQUEUE_EMPTY) ||
                 (gr->bug == GR_BUG_SPURIOUS_FATAL && n == 0 && gr->next_seq > 0) ||
                 (gr->bug == GR_BUG_STORM_DEAF && gr->spurious > 10);
      break;
    }
    if (size > 0) {
      bool discarded = gr->bug == GR_BUG_EARLY_DISCARDED && !gr->started;
      if (!discarded && !gr_take(gr, packet, size)) break;
    } else if (gr->bug != GR_BUG_EMPTY_FOR_EVER) {
      empty++;
    }
    if (!more) break;
  }
  gr->started = true;
  gr_advance(gr);
}

#endif
