// What the demo shows beside the workspace of the simulator: a guided tour above it, and
// a pane with what is underneath.
import { json } from "/sim/store.js";

export { Tour as Guide } from "/panel/tour.js";
export { Underneath as Panel } from "/panel/underneath.js";

/** What the switch that opens the pane is called. */
export const title = "Underneath";

/** The requests with their workflows, and the plugs. */
export const look = () => json("/panel/underneath");
