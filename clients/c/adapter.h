/*
 * The adapter between gunyah_rm.h, a driver that knows nothing of the simulator, and `gunyah-sim conform`
 * (docs/conformance-adapter.md). First half: what the driver calls and is called by on real hardware. Second half: the lines of
 * the upper tester.
 */
#ifndef ADAPTER_H
#define ADAPTER_H

#include "gunyah_link.h"
#include "gunyah_rm.h"
#include "upper_tester.h"

static struct gl gl;
static struct gl_rm_node node;
static struct gr rm;

/* ---- the platform: hypercalls and interrupts over the link -------------------------------------------------------- */

static void lost(void) {
  fprintf(stderr, "link: %s\n", gl.error);
  exit(1);
}

static uint32_t platform_send(const uint8_t *packet, uint32_t size, bool push, bool *not_full) {
  uint64_t x[8] = {node.tx_cap, size, 0, push};
  if (gl_hvc(&gl, GH_HYPERCALL_BASE + GH_CALL_MSGQUEUE_SEND, x, 2, GL_TO_HYPERVISOR, (void *)packet, &size) != 0) lost();
  *not_full = x[1] != 0;
  return (uint32_t)x[0];
}

static uint32_t platform_receive(uint8_t packet[GR_PACKET], uint32_t *size, bool *not_empty) {
  uint64_t x[8] = {node.rx_cap, 0, GR_PACKET};
  *size = GR_PACKET;
  if (gl_hvc(&gl, GH_HYPERCALL_BASE + GH_CALL_MSGQUEUE_RECEIVE, x, 1, GL_FROM_HYPERVISOR_X1, packet, size) != 0) lost();
  *not_empty = x[2] != 0;
  return (uint32_t)x[0];
}

/* Takes every interrupt that is pending. */
static void platform_interrupts(void) {
  do {
    if (gl_events(&gl) != 0) lost();
    for (int irq = gl_take_irq(&gl); irq != 1023; irq = gl_take_irq(&gl)) {
      if (irq < 0) lost();
      if ((uint32_t)irq == node.tx_irq || rm.bug == GR_BUG_ANY_IRQ_SENDS) gr_tx_irq(&rm);
      if ((uint32_t)irq == node.rx_irq) gr_rx_irq(&rm);
    }
  } while (gl.irq);
}

/* ---- the upper tester: lines in, lines out ------------------------------------------------------------------------ */

static uint32_t handler_note, handler_ticket, handler_id;

static void tester_note(uint32_t id, const uint8_t *payload, uint32_t size) {
  ut_notify(id, payload, size);
  if (handler_note == 0 || id != handler_note) return;
  handler_note = 0;
  gr_begin(&rm, handler_ticket, handler_id, NULL, 0);
  rm.deaf = rm.bug == GR_BUG_HANDLER_BLOCKS;
}

static void tester_command(const struct ut_command *c) {
  if (strcmp(c->verb, "call") == 0) gr_begin(&rm, c->ticket, c->id, c->payload, c->size);
  if (strcmp(c->verb, "cancel") == 0) gr_cancel(&rm, c->ticket);
  if (strcmp(c->verb, "audit") == 0) ut_audit(c->ticket, gr_held(&rm));
  if (strcmp(c->verb, "onnotify") == 0) sscanf(c->words, "%x %u %x", &handler_note, &handler_ticket, &handler_id);
  if (strcmp(c->verb, "nomem") == 0) {
    rm.fail_allocations = 1;
    ut_done(c->ticket);
  }
  if (strcmp(c->verb, "sync") == 0) {
    platform_interrupts();
    ut_synced(c->ticket);
  }
}

static int tester_serve(void) {
  static const struct gr_port port = {platform_send, platform_receive, ut_reply, ut_failed, tester_note};
  static struct ut ut;
  struct pollfd fds[2] = {{.fd = UT_FD, .events = POLLIN}, {.fd = gl.fd, .events = POLLIN}};
  gr_open(&rm, &port, rm.bug);
  ut_hello("T sync alloc");
  gr_rx_irq(&rm); /* what a client before us left in the queue has no interrupt any more */
  for (;;) {
    platform_interrupts();
    if (gl_idle(&gl) != 0) lost();
    if (poll(fds, 2, -1) < 0) return 1;
    for (int more = ut_read(&ut, fds[0].revents != 0); more != 0; more = ut_read(&ut, 0)) {
      if (more < 0) return 0;
      tester_command(&ut.command);
    }
  }
}

#endif
