/* Fills the queue to RM, lets RM empty it, then takes interrupts until there are none: prints their numbers. */
#define _POSIX_C_SOURCE 200809L
#include "gunyah_link.h"

int main(int argc, char **argv) {
  static struct gl gl;
  struct gl_rm_node node;
  uint8_t packet[GH_RM_QUEUE_MSG_SIZE] = {0x21, 1, 0, 0, 0x24, 0, 0, 0x56};
  if (argc != 2 || gl_connect(&gl, argv[1]) != 0 || gl_hello(&gl, 3, 0, false, 0, "full") != 0) return 1;
  if (gl_discover(&gl, &node) != 0) return 1;
  for (uint64_t error = 0; error == 0;) {
    uint64_t x[8] = {node.tx_cap, 8, 0, 1};
    uint32_t size = 8;
    if (gl_hvc(&gl, GH_HYPERCALL_BASE + GH_CALL_MSGQUEUE_SEND, x, 2, GL_TO_HYPERVISOR, packet, &size) != 0) return 1;
    error = x[0];
  }
  if (gl_wfi(&gl, 10000000) < 0) return 1;
  for (int n = 0; n < 40; n++) {
    int irq = gl_take_irq(&gl);
    if (irq < 0) return 1;
    printf("%d\n", irq);
    if (irq == 1023) return 0;
    for (uint64_t error = 0; (uint32_t)irq == node.rx_irq && error == 0;) {
      uint64_t x[8] = {node.rx_cap, 0, sizeof packet};
      uint32_t size = sizeof packet;
      if (gl_hvc(&gl, GH_HYPERCALL_BASE + GH_CALL_MSGQUEUE_RECEIVE, x, 1, GL_FROM_HYPERVISOR_X1, packet, &size) != 0) return 1;
      error = x[0];
    }
  }
  return 2;
}
