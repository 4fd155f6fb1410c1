// Preact with templates instead of JSX: what every file of the page starts from.
// Text only ever becomes text nodes: nothing that a person or the bot writes is
// taken for HTML.
import { h } from "preact";
import htm from "htm";

export { render } from "preact";
export { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
export const html = htm.bind(h);

/** Class names, those that are false left out. */
export const classes = (...names) => names.filter(Boolean).join(" ");
