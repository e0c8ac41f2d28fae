/*
 * Finds the Resource Manager, asks it who we are, brings a VM up and lists what we got for it; or, started by the conformance
 * suite, does what the suite asks.
 *
 *   gunyah-sim serve --listen unix:./g.sock &
 *   ./example unix:./g.sock
 *   gunyah-sim conform --level T --client './example [--mutant NAME] {link}'
 *
 * The suite sets GUNYAH_SIM_UPPER_TESTER=1 in the environment of its clients.
 */
#define _POSIX_C_SOURCE 200809L
#include "adapter.h"

#include "example_guest.h"

#include <inttypes.h>

#define IMAGE UINT64_C(0x50000000)
#define PARCEL_SIZE UINT64_C(0x200000)
#define TREE_OFFSET UINT64_C(0x100000)
#define TREE_SIZE UINT64_C(0x10000)
#define RWX 7
/* Virtual time that the demo waits for an answer. */
#define PATIENCE_NS 100000000
#define PATIENCE_TIMES 10

static const struct mutant {
  const char *name, *about, *fails;
} mutants[] = {
    {"none", "no bug", ""},
#define MUTANT_ROW(id, name, about, fails) {name, about, fails},
    GR_MUTANTS(MUTANT_ROW)
};

/* The answer to the demo's request. */
static struct {
  bool here;
  uint32_t error, size;
  uint8_t data[GH_RPC_MAX_PAYLOAD];
} answer;
static int vm_state = -1;

static int die(const char *what) {
  fprintf(stderr, "example: %s: %s\n", what, gl.error);
  gl_close(&gl);
  return 1;
}

static void demo_reply(uint32_t ticket, uint32_t error, const uint8_t *data, uint32_t size) {
  (void)ticket;
  answer.here = true;
  answer.error = error;
  answer.size = size < sizeof answer.data ? size : sizeof answer.data;
  memcpy(answer.data, data, answer.size);
}

static void demo_failed(uint32_t ticket, const char *reason) {
  (void)ticket;
  fprintf(stderr, "example: a request failed: %s\n", reason);
}

static void demo_note(uint32_t id, const uint8_t *payload, uint32_t size) {
  struct gh_vm_status_note note;
  if (id != GH_MSG_N_VM_STATUS || size < sizeof note) return;
  memcpy(&note, payload, sizeof note);
  vm_state = note.vm_state;
  printf("notification: VM %u state %u\n", note.vmid, note.vm_state);
}

/* A request that must succeed with at least `least` bytes. Length of what follows the error code. */
static int ask(const char *what, uint32_t id, const void *payload, uint32_t size, uint32_t least) {
  static uint32_t ticket;
  answer.here = false;
  gr_begin(&rm, ++ticket, id, payload, size);
  for (int quiet = 0; !answer.here && quiet < PATIENCE_TIMES; quiet++) {
    if (gl_wfi(&gl, PATIENCE_NS) < 0) return die(what), -1;
    platform_interrupts();
  }
  if (answer.here && answer.error == GH_RM_OK && answer.size >= least) return (int)answer.size;
  if (!answer.here) snprintf(gl.error, sizeof gl.error, "no answer");
  else if (answer.error != GH_RM_OK) snprintf(gl.error, sizeof gl.error, "error %" PRIu32, answer.error);
  else snprintf(gl.error, sizeof gl.error, "only %" PRIu32 " bytes", answer.size);
  return die(what), -1;
}

static int share(uint16_t vmid, uint32_t *handle) {
  struct GH_PACKED {
    struct gh_mem_share_req head;
    uint16_t acl_count, acl_reserved;
    struct gh_entry_acl acl[2];
    uint16_t sgl_count, sgl_reserved;
    struct gh_entry_sgl sgl[1];
    uint16_t attr_count, attr_reserved;
  } m = {0};
  m.acl_count = 2;
  m.acl[0] = (struct gh_entry_acl){.vmid = GH_VMID_HLOS, .rights = RWX};
  m.acl[1] = (struct gh_entry_acl){.vmid = vmid, .rights = RWX};
  m.sgl_count = 1;
  m.sgl[0] = (struct gh_entry_sgl){.ipa = IMAGE, .size = PARCEL_SIZE};
  m.head.mem_type = GH_MEM_TYPE_NORMAL;
  if (ask("MEM_SHARE", GH_MSG_MEM_SHARE, &m, sizeof m, 4) < 0) return -1;
  memcpy(handle, answer.data, 4);
  return 0;
}

static int list(uint16_t vmid) {
  struct gh_vm_get_hyp_resources_req req = {.vmid = vmid};
  int length = ask("VM_GET_HYP_RESOURCES", GH_MSG_VM_GET_HYP_RESOURCES, &req, sizeof req, 4);
  if (length < 0) return -1;
  uint32_t count;
  memcpy(&count, answer.data, 4);
  printf("resources: %" PRIu32 "\n", count);
  if ((uint64_t)count * sizeof(struct gh_entry_resource) + 4 > (uint64_t)length) {
    snprintf(gl.error, sizeof gl.error, "%" PRIu32 " entries do not fit %d bytes", count, length);
    return die("VM_GET_HYP_RESOURCES"), -1;
  }
  for (uint32_t i = 0; i < count; i++) {
    struct gh_entry_resource r;
    memcpy(&r, answer.data + 4 + i * sizeof r, sizeof r);
    printf("  type %u label 0x%" PRIx32 " cap 0x%" PRIx64 " irq %" PRIu32 "\n", r.type, r.label, r.cap_id, r.virq);
  }
  return 0;
}

static int demo(void) {
  static const struct gr_port port = {platform_send, platform_receive, demo_reply, demo_failed, demo_note};
  gr_open(&rm, &port, rm.bug);
  gr_rx_irq(&rm);
  printf("RM: tx cap %" PRIu64 " rx cap %" PRIu64 " tx irq %" PRIu32 " rx irq %" PRIu32 "\n", node.tx_cap, node.rx_cap,
         node.tx_irq, node.rx_irq);

  uint16_t vmid;
  if (ask("VM_GET_VMID", GH_MSG_VM_GET_VMID, NULL, 0, 4) < 0) return 1;
  memcpy(&vmid, answer.data, 2);
  printf("we are VM %u\n", vmid);
  struct gh_vm_allocate_req allocate = {0};
  if (ask("VM_ALLOCATE", GH_MSG_VM_ALLOCATE, &allocate, sizeof allocate, 4) < 0) return 1;
  memcpy(&vmid, answer.data, 2);
  printf("VM %u\n", vmid);

  uint32_t handle;
  if (gl_write(&gl, IMAGE, example_image, sizeof example_image, 0) != 0) return die("image");
  if (gl_write(&gl, IMAGE + TREE_OFFSET, example_tree, sizeof example_tree, 0) != 0) return die("tree");
  if (share(vmid, &handle) != 0) return 1;
  struct gh_vm_config_image_req config = {.vmid = vmid, .image_handle = handle, .image_size = TREE_OFFSET};
  config.dt_offset = TREE_OFFSET;
  config.dt_size = TREE_SIZE;
  if (ask("VM_CONFIG_IMAGE", GH_MSG_VM_CONFIG_IMAGE, &config, sizeof config, 0) < 0) return 1;
  struct gh_vm_init_req init = {.vmid = vmid};
  if (ask("VM_INIT", GH_MSG_VM_INIT, &init, sizeof init, 0) < 0) return 1;
  struct gh_vm_start_req start = {.vmid = vmid};
  if (ask("VM_START", GH_MSG_VM_START, &start, sizeof start, 0) < 0) return 1;
  if (list(vmid) != 0) return 1;
  if (vm_state != GH_VM_STATE_RUNNING) {
    snprintf(gl.error, sizeof gl.error, "the last VM_STATUS said %d", vm_state);
    return die("state");
  }
  printf("running\n");
  return gl_bye(&gl) == 0 ? 0 : die("bye");
}

static int usage(FILE *to, int code) {
  fprintf(to, "usage: example [--mutant NAME] unix:PATH|tcp:HOST:PORT\n"
              "       example --mutants    the deliberate bugs for programs: name, description, checks, separated by tabs\n"
              "\n"
              "Deliberate bugs, and what they fail of `gunyah-sim conform --level T --strict --hostile`:\n");
  for (size_t i = 1; i < sizeof mutants / sizeof *mutants; i++)
    fprintf(to, "  %-20s %s\n  %-20s   %s\n", mutants[i].name, mutants[i].about, "", mutants[i].fails);
  return code;
}

static int list_mutants(void) {
  for (size_t i = 1; i < sizeof mutants / sizeof *mutants; i++)
    printf("%s\t%s\t%s\n", mutants[i].name, mutants[i].about, mutants[i].fails);
  return 0;
}

/* Number of the mutant, or -1. */
static int find_mutant(const char *name) {
  for (size_t i = 0; i < sizeof mutants / sizeof *mutants; i++)
    if (strcmp(mutants[i].name, name) == 0) return (int)i;
  fprintf(stderr, "example: no mutant is called %s (example --mutants)\n", name);
  return -1;
}

int main(int argc, char **argv) {
  const char *tester = getenv("GUNYAH_SIM_UPPER_TESTER"), *address = NULL;
  bool serves = tester != NULL && strcmp(tester, "1") == 0;
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--help") == 0) return usage(stdout, 0);
    if (strcmp(argv[i], "--mutants") == 0) return list_mutants();
    if (strcmp(argv[i], "--mutant") == 0 && i + 1 < argc) {
      int bug = find_mutant(argv[++i]);
      if (bug < 0) return 2;
      rm.bug = (enum gr_bug)bug;
    } else if (address == NULL && argv[i][0] != '-') {
      address = argv[i];
    } else {
      return usage(stderr, 2);
    }
  }
  if (address == NULL) return usage(stderr, 2);
  if (gl_connect(&gl, address) != 0) return die("connect");
  if (gl_hello(&gl, GH_VMID_HLOS, 0, false, 0, "example.c") != 0) return die("hello");
  if (rm.bug == GR_BUG_IDENTITY_TRUSTED) gl.careless = GL_TRUST_IDENTITY;
  if (rm.bug == GR_BUG_VERSION_TRUSTED) gl.careless = GL_TRUST_VERSION;
  if (rm.bug == GR_BUG_RX_IRQ_GUESSED) gl.careless = GL_GUESS_RX_IRQ;
  if (rm.bug == GR_BUG_RX_CAP_GUESSED) gl.careless = GL_GUESS_RX_CAP;
  if (gl_discover(&gl, &node) != 0) {
    if (serves) ut_refused(gl.error);
    return die("discovery");
  }
  return serves ? tester_serve() : demo();
}
