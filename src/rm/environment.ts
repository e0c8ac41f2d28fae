/**
 * What the hypervisor tells RM at boot (fact base: rm-boot-and-dt 1.1, 1.2). The board fills it in; the CBOR encoding of
 * the real record is left out, because no client can see it.
 */
export interface RmEnvironment {
  readonly addrspaceCap: bigint;
  readonly cspaceCap: bigint;
  readonly partitionCap: bigint;
  readonly vcpuCap: bigint;
  readonly vicCap: bigint;
  /** RM's memory extent; IPA equals PA. `heapBase`: first page that RM may use for its own buffers. */
  readonly meCap: bigint;
  readonly meIpaBase: number;
  readonly meSize: number;
  readonly heapBase: number;
  readonly deviceMeCap: bigint;
  readonly deviceMeBase: number;
  readonly deviceMeSize: number;
  readonly uartAddress: number;
  readonly uartMeCap: bigint;
  readonly entryHlos: number;
  readonly hlosDtBase: number;
  readonly hlosVmBase: number;
  readonly hlosVmSize: number;
  /** IPA of RM's log buffer, mapped read-only in HLOS. */
  readonly logBase: number;
  readonly logSize: number;
  /** Bit per core. */
  readonly usableCores: number;
  readonly bootCore: number;
  /** By INTID; all-ones: none. Missing entries too. */
  readonly vicHwirq: readonly bigint[];
  readonly vicMsiSource: readonly bigint[];
  readonly sveSupported: boolean;
  readonly hlosHandlesRas: boolean;
  readonly gicdBase: number;
  readonly gicrBase: number;
  readonly gicrStride: number;
  /** Names of behaviours that this revision does not have (extension-*.ts). */
  readonly extensions: readonly string[];
}
