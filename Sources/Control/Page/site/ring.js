// The ring as a picture: how full it is, what of it is protected, and what others hold already.
import { h, svg } from "./dom.js";
import * as format from "./format.js";

const radius = 78;

function arc(from, to, at, className) {
    const share = Math.max(0, Math.min(1, to) - from);
    const around = 2 * Math.PI * at;
    return svg("circle", {
        cx: 100, cy: 100, r: at, class: className, "stroke-dasharray": `${share * around} ${around}`,
        transform: `rotate(${-90 + from * 360} 100 100)`, pathLength: null,
    });
}

export function ring(store) {
    const cap = store?.cap_bytes;
    const used = cap ? store.used_bytes / cap : 0;
    const kept = cap ? Math.min(used, store.protected_bytes / cap) : 0;
    const copied = cap ? (store.replicated_bytes ?? 0) / cap : 0;
    const percent = `${used * 100 < 10 && used > 0 ? (used * 100).toFixed(1) : Math.round(used * 100)}`;
    const words = `The ring is ${percent} percent full: ${format.bytes(store?.used_bytes)} of ${format.bytes(cap)}; `
        + `${format.bytes(store?.protected_bytes)} of it, the newest, are let go last.`;
    const picture = svg("svg", { viewBox: "0 0 200 200", class: "ring", role: "img", "aria-label": words },
        svg("circle", { cx: 100, cy: 100, r: radius, class: "track" }),
        arc(0, used, radius, "used"),
        kept > 0 ? arc(used - kept, used, radius, "kept") : null,
        store?.replicated_bytes != null ? svg("circle", { cx: 100, cy: 100, r: radius - 15, class: "track thin" }) : null,
        copied > 0 ? arc(0, copied, radius - 15, "copied") : null,
        svg("text", { x: 100, y: 108, class: "big" }, cap ? percent : "–", svg("tspan", { class: "unit", dx: 2 }, cap ? "%" : "")),
        svg("text", { x: 100, y: 129, class: "small" }, "of the ring"));
    const row = (className, name, value) => h("div", null, h("dt", null, h(`i.${className}`), name), h("dd", null, value));
    return h("div.ringbox", null, picture, h("dl.legend", null,
        row("used", "Filled", `${format.bytes(store?.used_bytes)} of ${format.bytes(cap)}`),
        row("kept", "Protected", format.bytes(store?.protected_bytes)),
        store?.replicated_bytes != null ? row("copied", "Held elsewhere", format.bytes(store.replicated_bytes)) : null,
        store?.wraps_in_s != null ? row("none", "Full again in", format.duration(store.wraps_in_s)) : null));
}
