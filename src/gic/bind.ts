/** Binding of sources to SPIs, assertion and clearing (fact base ipc 1; vgic-and-timer 1.2, 2.7). */

import { NO_OBJECT } from '../hyp/types.js';
import { SourceKind, type VirqSource } from '../hyp/virq.js';
import { HypError } from '../protocol/index.js';
import { type Gic, noteSource, vcpuAt } from './context.js';
import { deliver, syncAll, undeliver } from './deliver.js';
import { isSpi } from './distributor.js';
import { EDGE, HW_ACTIVE, HW_DETACHED, LEVEL_SRC, routeOf } from './dstate.js';
import { SPI_BASE, type Vic } from './types.js';

const targetOf = (g: Gic, vic: Vic, virq: number) => vcpuAt(g, vic, routeOf(vic.spi[virq - SPI_BASE]));

export function bindToVic(g: Gic, source: VirqSource, vicId: number, virq: number): number {
  const vic = g.hyp.get<Vic>(vicId);
  if (!isSpi(virq) || virq - SPI_BASE >= vic.maxVirqs) return HypError.ARGUMENT_INVALID;
  if (vic.bound[virq - SPI_BASE] !== 0) return HypError.BUSY;
  // The register that still holds the one before would end the wrong physical interrupt.
  if (source.kind === SourceKind.HWIRQ && (vic.spi[virq - SPI_BASE] & HW_DETACHED) !== 0) return HypError.RETRY;
  vic.bound[virq - SPI_BASE] = 1;
  source.vic = vicId;
  source.virq = virq;
  noteSource(g, vicId, virq, source);
  return HypError.OK;
}

/** The latched edge of the SPI stays. */
export function unbindFromVic(g: Gic, source: VirqSource): void {
  const vic = g.hyp.get<Vic>(source.vic);
  const { virq } = source;
  if (!undeliver(g, vic, targetOf(g, vic, virq), virq, LEVEL_SRC | HW_ACTIVE)) syncAll(g, vic);
  source.vic = NO_OBJECT;
  vic.bound[virq - SPI_BASE] = 0;
  noteSource(g, vic.id, virq, undefined);
}

export function assertBound(g: Gic, source: VirqSource, edgeOnly: boolean): void {
  const vic = g.hyp.get<Vic>(source.vic);
  deliver(g, vic, targetOf(g, vic, source.virq), source.virq, edgeOnly ? EDGE : EDGE | LEVEL_SRC, false);
}

export function clearBound(g: Gic, source: VirqSource): void {
  const vic = g.hyp.get<Vic>(source.vic);
  undeliver(g, vic, targetOf(g, vic, source.virq), source.virq, LEVEL_SRC | HW_ACTIVE);
}
