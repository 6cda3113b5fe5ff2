// Sensors with their live values, used by the overview and the list.
import { h, kindIcon, say } from "./dom.js";
import * as format from "./format.js";
import { live } from "./live.js";
import { spark } from "./spark.js";

export class SensorRows {
    constructor(holder, { compact = false } = {}) {
        this.holder = holder;
        this.compact = compact;
        this.shown = new Map();
        this.refresh = () => this.update();
        // Four times a second is as fast as digits can be read.
        this.timer = setInterval(this.refresh, 250);
    }

    end() { clearInterval(this.timer); }

    show(sensors) {
        const key = JSON.stringify(sensors.map((one) => [one.id, one.attributes.map((attribute) => attribute.name)]));
        if (key !== this.key) {
            this.key = key;
            this.shown.clear();
            this.holder.replaceChildren(...sensors.map((one) => this.make(one)));
            if (!sensors.length) {
                this.holder.append(h("p.empty", null, "No sensor yet. ", h("code", null, "bothy sensor scan"),
                    " looks for those around."));
            }
        }
        for (const one of sensors) this.state(one);
        this.update();
    }

    make(one) {
        const kept = { values: [] };
        const most = this.compact ? 3 : 12;
        const rows = one.attributes.slice(0, most).map((attribute) => {
            const value = h("span.value");
            const row = h("div.attribute", null, h("span.label", null, format.title(attribute.name)),
                spark(h("canvas.spark", { "aria-hidden": "true" }), one.id, attribute.name),
                h("span.reading", null, value, h("span.unit", null, unitOf(attribute))));
            kept.values.push({ element: value, sensor: one.id, attribute });
            return row;
        });
        if (one.attributes.length > most) {
            rows.push(h("p.more", null, `and ${one.attributes.length - most} more`));
        }
        kept.name = h("span.name");
        kept.state = h("span.faint");
        kept.dot = h("i.dot");
        kept.element = h("a.sensor", { href: `#/sensor/${encodeURIComponent(one.id)}` },
            h("div.who", null, kindIcon(one.kind), h("div", null, kept.name, h("span.line", null, kept.dot, kept.state))), rows);
        this.shown.set(one.id, kept);
        return kept.element;
    }

    state(one) {
        const kept = this.shown.get(one.id);
        if (!kept) return;
        say(kept.name, one.name);
        const tone = !one.enabled ? "off" : one.healthy ? "well" : "soft";
        kept.dot.className = `dot ${tone}`;
        say(kept.state, !one.enabled ? "not recorded" : one.healthy ? `${format.rate(one.samples_per_second)} samples/s`
            : `${one.state}${one.last_heard_ms != null ? `, heard ${format.ago(one.last_heard_ms)}` : ""}`);
        kept.element.classList.toggle("off", !one.enabled);
        for (const row of kept.values) {
            row.fallback = one.attributes.find((attribute) => attribute.name === row.attribute.name)?.value;
        }
    }

    update() {
        for (const kept of this.shown.values()) {
            for (const row of kept.values) {
                const stream = live.of(row.sensor, row.attribute.name);
                const last = stream?.v[stream.v.length - 1];
                say(row.element, reading(last ?? row.fallback, stream?.scale, row.attribute.components));
            }
        }
    }
}

const isPlace = (names) => /^lat/.test(names?.[0] ?? "") && /^lon/.test(names?.[1] ?? "");
const isSpace = (names) => names?.length >= 3 && ["x", "y", "z"].every((axis, at) => names[at].endsWith(axis));

/** A value as text: a place by its coordinates, a direction in space by its length, of other vectors the first part. */
export function reading(value, scale, names) {
    if (value && typeof value === "object" && !Array.isArray(value)) return reading(Object.values(value), scale, Object.keys(value));
    if (!Array.isArray(value)) return format.value(value, scale);
    if (isPlace(names)) return `${value[0]?.toFixed(4)}, ${value[1]?.toFixed(4)}`;
    if (isSpace(names)) return format.value(Math.hypot(...value.slice(0, 3)));
    return format.value(value[0], scale);
}

/** The unit of what `reading` shows. */
export function unitOf(attribute) {
    if (isPlace(attribute.components)) return "";
    return attribute.components?.length ? attribute.unit.split(" ")[0] : attribute.unit;
}
