/** Executor of the parcel machine; its state numbers equal `ParcelState`. */
import { registerMachine } from '../../machine/index.js';
import { memparcelMachine } from './memparcel.machine.js';

export const parcelLife = registerMachine('memparcel', memparcelMachine);
