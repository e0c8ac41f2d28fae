/*
 * Finds the Resource Manager, asks it who we are, brings a VM up and lists what we got for it.
 *
 *   gunyah-sim serve --listen unix:./g.sock &
 *   ./example unix:./g.sock [--mutant NAME]
 */
#define _POSIX_C_SOURCE 200809L
#include "gunyah_link.h"

#include "example_guest.h"

#include <inttypes.h>

#define IMAGE UINT64_C(0x50000000)
#define PARCEL_SIZE UINT64_C(0x200000)
#define TREE_OFFSET UINT64_C(0x100000)
#define TREE_SIZE UINT64_C(0x10000)
#define RWX 7

static const struct mutant {
  const char *name;
  unsigned bugs;
  const char *about;
} mutants[] = {
    {"none", 0, "no bug"},
    {"same-seq", GL_BUG_SAME_SEQ, "every request has sequence number 0"},
    {"no-reassembly", GL_BUG_NO_REASSEMBLY, "only the first fragment of a reply is read"},
    {"ignore-full", GL_BUG_IGNORE_FULL, "a packet that did not fit the queue counts as sent"},
    {"one-per-irq", GL_BUG_ONE_PER_IRQ, "one packet per interrupt is taken, not all"},
    {"short-request", GL_BUG_SHORT_REQUEST, "the last word of every request is missing"},
    {"no-push", GL_BUG_NO_PUSH, "the queue is not pushed"},
    {"drop-notes", GL_BUG_DROP_NOTES, "notifications are thrown away"},
};

static struct gl gl;
static struct gl_rpc rpc;
static int vm_state = -1;

static int die(const char *what) {
  fprintf(stderr, "example: %s: %s\n", what, gl.error);
  gl_close(&gl);
  return 1;
}

static void on_note(void *context, uint32_t id, const uint8_t *payload, uint32_t size) {
  (void)context;
  struct gh_vm_status_note note;
  if (id != GH_MSG_N_VM_STATUS || size < sizeof note) return;
  memcpy(&note, payload, sizeof note);
  vm_state = note.vm_state;
  printf("notification: VM %u state %u\n", note.vmid, note.vm_state);
}

/* A request that must succeed. Length of the reply. */
static int ask(const char *what, uint32_t id, const void *payload, uint32_t size) {
  uint32_t error;
  int length = gl_rpc_request(&rpc, id, payload, size);
  if (length < 0) return die(what), -1;
  memcpy(&error, rpc.message, 4);
  if (error == GH_RM_OK) return length;
  snprintf(gl.error, sizeof gl.error, "error %" PRIu32, error);
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
  if (ask("MEM_SHARE", GH_MSG_MEM_SHARE, &m, sizeof m) < 0) return -1;
  memcpy(handle, rpc.message + offsetof(struct gh_mem_share_reply, handle), 4);
  return 0;
}

static int list(uint16_t vmid) {
  struct gh_vm_get_hyp_resources_req req = {.vmid = vmid};
  int length = ask("VM_GET_HYP_RESOURCES", GH_MSG_VM_GET_HYP_RESOURCES, &req, sizeof req);
  if (length < 0) return -1;
  uint32_t count = 0;
  if (length >= 8) memcpy(&count, rpc.message + 4, 4);
  printf("resources: %" PRIu32 "\n", count);
  if ((uint64_t)count * sizeof(struct gh_entry_resource) + 8 > (uint64_t)length) {
    snprintf(gl.error, sizeof gl.error, "%" PRIu32 " entries do not fit %d bytes", count, length);
    return die("VM_GET_HYP_RESOURCES"), -1;
  }
  for (uint32_t i = 0; i < count; i++) {
    struct gh_entry_resource r;
    memcpy(&r, rpc.message + 8 + i * sizeof r, sizeof r);
    printf("  type %u label 0x%" PRIx32 " cap 0x%" PRIx64 " irq %" PRIu32 "\n", r.type, r.label, r.cap_id, r.virq);
  }
  return 0;
}

int main(int argc, char **argv) {
  const struct mutant *mutant = &mutants[0];
  if (argc == 4 && strcmp(argv[2], "--mutant") == 0) {
    mutant = NULL;
    for (size_t i = 0; i < sizeof mutants / sizeof *mutants; i++)
      if (strcmp(mutants[i].name, argv[3]) == 0) mutant = &mutants[i];
  }
  if (mutant == NULL || (argc != 2 && argc != 4)) {
    fprintf(stderr, "usage: example unix:PATH|tcp:HOST:PORT [--mutant NAME]\n");
    for (size_t i = 0; i < sizeof mutants / sizeof *mutants; i++) fprintf(stderr, "  %-14s %s\n", mutants[i].name, mutants[i].about);
    return 2;
  }
  if (gl_connect(&gl, argv[1]) != 0) return die("connect");
  if (gl_hello(&gl, GH_VMID_HLOS, 0, false, 0, "example.c") != 0) return die("hello");
  if (gl_rpc_open(&rpc, &gl) != 0) return die("device tree");
  rpc.on_note = on_note;
  rpc.bugs = mutant->bugs;
  printf("RM: tx cap %" PRIu64 " rx cap %" PRIu64 " tx irq %" PRIu32 " rx irq %" PRIu32 "\n", rpc.rm.tx_cap, rpc.rm.rx_cap,
         rpc.rm.tx_irq, rpc.rm.rx_irq);

  struct gh_vm_allocate_req allocate = {0};
  int length = ask("VM_ALLOCATE", GH_MSG_VM_ALLOCATE, &allocate, sizeof allocate);
  if (length < 0) return 1;
  uint16_t vmid;
  memcpy(&vmid, rpc.message + offsetof(struct gh_vm_allocate_reply, vmid), 2);
  printf("VM %u\n", vmid);

  uint32_t handle;
  if (gl_write(&gl, IMAGE, example_image, sizeof example_image, 0) != 0) return die("image");
  if (gl_write(&gl, IMAGE + TREE_OFFSET, example_tree, sizeof example_tree, 0) != 0) return die("tree");
  if (share(vmid, &handle) != 0) return 1;
  struct gh_vm_config_image_req config = {.vmid = vmid, .image_handle = handle, .image_size = TREE_OFFSET};
  config.dt_offset = TREE_OFFSET;
  config.dt_size = TREE_SIZE;
  if (ask("VM_CONFIG_IMAGE", GH_MSG_VM_CONFIG_IMAGE, &config, sizeof config) < 0) return 1;
  struct gh_vm_init_req init = {.vmid = vmid};
  if (ask("VM_INIT", GH_MSG_VM_INIT, &init, sizeof init) < 0) return 1;
  struct gh_vm_start_req start = {.vmid = vmid};
  if (ask("VM_START", GH_MSG_VM_START, &start, sizeof start) < 0) return 1;
  if (list(vmid) != 0) return 1;
  if (vm_state != GH_VM_STATE_RUNNING) {
    snprintf(gl.error, sizeof gl.error, "the last VM_STATUS said %d", vm_state);
    return die("state");
  }
  printf("running\n");
  return gl_bye(&gl) == 0 ? 0 : die("bye");
}
