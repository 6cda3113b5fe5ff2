// One sensor: its chart, its values, and what can be done with it.
import { get, may, patch, remove } from "./api.js";
import { Chart } from "./chart.js";
import { fill, h, icon, kindIcon, say } from "./dom.js";
import * as format from "./format.js";
import { History } from "./history.js";
import { live } from "./live.js";
import { calm } from "./paint.js";
import { reading, unitOf } from "./rows.js";

const spans = [[10_000, "10 s"], [60_000, "1 min"], [600_000, "10 min"], [3_600_000, "1 h"], [86_400_000, "1 day"], [604_800_000, "7 days"]];

export function sensor(holder, shared, id) {
    holder.append(h("p.loading", { role: "status" }, "One moment …"));
    const view = new SensorView(holder, id);
    view.open();
    return () => view.close();
}

class SensorView {
    constructor(holder, id) {
        [this.holder, this.id] = [holder, id];
        this.closed = false;
    }

    async open() {
        try {
            this.sensor = await get(`/v1/sensors/${encodeURIComponent(this.id)}`);
        } catch (error) {
            if (!this.closed) {
                this.holder.replaceChildren(h("div.title", null, h("h1", null, "Sensor")), h("p.empty", null, `${error.message}.`),
                    h("p", null, h("a", { href: "#/sensors" }, "All sensors")));
            }
            return;
        }
        if (this.closed) return;
        this.build();
        live.select([this.id], true);
        live.focus(this.id);
        this.pick(this.sensor.attributes[0]);
        this.timers = [setInterval(() => this.refresh(), 3000), setInterval(() => this.readings(), 250)];
        this.frame = requestAnimationFrame((now) => this.turn(now));
    }

    close() {
        this.closed = true;
        cancelAnimationFrame(this.frame);
        for (const timer of this.timers ?? []) clearInterval(timer);
        live.focus(null);
    }

    build() {
        this.name = h("h1", null, this.sensor.name);
        this.state = h("p.under");
        this.actions = h("div.actions");
        this.tabs = h("div.tabs", { role: "tablist", "aria-label": "Attributes" });
        this.tools = h("div.tools");
        this.note = h("p.faint.chartnote", { "aria-live": "polite" });
        this.canvasHolder = h("div.chartbox", { role: "tabpanel", id: "chart" });
        this.facts = h("dl.facts");
        this.gapList = h("ul.gaplist");
        this.holder.replaceChildren(
            h("a.back", { href: "#/sensors" }, icon("left"), "Sensors"),
            h("div.title", null, h("div.who", null, kindIcon(this.sensor.kind), h("div", null, this.name, this.state)), this.actions),
            h("section.card.chartcard", { "aria-label": "Chart" }, this.tabs, this.tools, this.canvasHolder, this.note),
            h("div.columns", null,
                h("section.card", { "aria-labelledby": "s-gaps" }, h("h2", { id: "s-gaps" }, "What is missing"), this.gapList),
                h("section.card", { "aria-labelledby": "s-facts" }, h("h2", { id: "s-facts" }, "About"), this.facts)));
        this.describe();
    }

    describe() {
        const one = this.sensor;
        say(this.name, one.name);
        fill(this.state, h(`i.dot.${!one.enabled ? "off" : one.healthy ? "well" : "soft"}`), !one.enabled ? "Not recorded"
            : one.healthy ? `${format.rate(one.samples_per_second)} samples per second`
                : `${format.title(one.state ?? "")}, heard ${format.ago(one.last_heard_ms)}`);
        const row = (name, value) => value === "" || value == null ? null : h("div", null, h("dt", null, name), h("dd", null, value));
        fill(this.facts, row("Id", one.id), row("Kind", one.kind), row("Comes by", one.origin), row("Read by", one.decoder),
            row("Samples in this run", format.count(one.samples)), row("Refused", one.overflow ? format.count(one.overflow) : null),
            row("Checked", one.unchecked ? "frames carry no checksum" : null),
            (one.faults ?? []).map((fault) => row(format.title(fault.kind), `${format.count(fault.count)}, ${fault.newest}`)));
        if (this.actions.childElementCount === 0 && may("operate")) this.addActions();
        const toggle = this.actions.querySelector(".toggle");
        if (toggle) say(toggle, one.enabled ? "Stop recording" : "Record again");
    }

    addActions() {
        const change = async (body) => {
            try {
                this.sensor = await patch(`/v1/sensors/${encodeURIComponent(this.id)}`, body);
                this.describe();
            } catch (error) { say(this.note, `${error.message}.`); }
        };
        const rename = h("button.quiet", { type: "button", click: () => {
            const input = h("input", { value: this.sensor.name, maxlength: 100, "aria-label": "Name", required: true });
            const form = h("form.rename", { submit: (event) => {
                event.preventDefault();
                form.replaceWith(this.name);
                if (input.value.trim() && input.value !== this.sensor.name) change({ name: input.value.trim() });
                rename.focus();
            }, keydown: (event) => { if (event.key === "Escape") { form.replaceWith(this.name); rename.focus(); } } },
            input, h("button", { type: "submit" }, "Save"));
            this.name.replaceWith(form);
            input.select();
        } }, icon("pencil"), "Rename");
        const toggle = h("button.quiet.toggle", { type: "button", click: () => change({ enabled: !this.sensor.enabled }) });
        const forget = may("admin") ? h("button.quiet", { type: "button", click: async () => {
            if (!confirm(`Forget ${this.sensor.name}? What it measured stays until the ring needs the room.`)) return;
            await remove(`/v1/sensors/${encodeURIComponent(this.id)}`);
            location.hash = "#/sensors";
        } }, "Forget") : null;
        this.actions.append(rename, toggle, ...(forget ? [forget] : []));
    }

    pick(attribute) {
        if (!attribute) {
            this.canvasHolder.replaceChildren(h("p.empty", null, "This sensor has not said yet what it measures."));
            return;
        }
        this.attribute = attribute;
        this.history = new History(this.id, attribute);
        this.values = new Map();
        this.tabs.replaceChildren(...this.sensor.attributes.map((one) => {
            const value = h("span.value");
            this.values.set(one.name, value);
            const chosen = one.name === attribute.name;
            return h("button", {
                type: "button", role: "tab", "aria-selected": String(chosen), "aria-controls": "chart", tabindex: chosen ? 0 : -1,
                click: () => { this.pick(one); this.tabs.querySelector("[aria-selected=true]")?.focus(); },
                keydown: (event) => this.moveTab(event),
            }, h("span.label", null, format.title(one.name)), h("span.reading", null, value, h("span.unit", null, unitOf(one))));
        }));
        const old = this.chart;
        const canvas = h("canvas.chart", {
            tabindex: 0, role: "img", "aria-describedby": "chartkeys",
            "aria-label": `Chart of ${attribute.name}`,
        });
        this.canvasHolder.replaceChildren(this.legend(attribute), canvas, h("p.sr", { id: "chartkeys" },
            "Arrow keys move, plus and minus scale, shift with arrows reads values, End follows what is measured now."));
        this.chart = new Chart(canvas, { now: () => live.now(), unit: attribute.unit, components: attribute.components ?? [] });
        if (old) [this.chart.span, this.chart.to] = [old.span, old.to];
        else this.chart.span = attribute.rate >= 20 ? 10_000 : 60_000;
        this.chart.addEventListener("view", () => this.moved());
        this.chart.addEventListener("cursor", () => {
            const found = this.chart.reading();
            if (found?.values) say(this.note, `${format.moment(found.time)}: ${found.values.map((one) => format.value(one)).join(", ")} ${attribute.unit}`);
        });
        this.tool();
        this.moved();
        this.loadGaps();
        this.readings();
    }

    /** Which line is which part; each can be hidden. */
    legend(attribute) {
        if (!attribute.components?.length) return "";
        return h("div.lines", { role: "group", "aria-label": "Lines" }, attribute.components.map((name, part) => h("button", {
            type: "button", "aria-pressed": "true", click: (event) => {
                const shown = this.chart.toggle(part);
                event.currentTarget.setAttribute("aria-pressed", String(shown));
            },
        }, h(`i.s${part % 6}`), format.title(name.replace(".", " ")))));
    }

    moveTab(event) {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        const all = this.sensor.attributes;
        const next = all[(all.findIndex((one) => one.name === this.attribute.name) + step + all.length) % all.length];
        event.preventDefault();
        this.pick(next);
        this.tabs.querySelector("[aria-selected=true]")?.focus();
    }

    tool() {
        this.spanButtons = spans.map(([span, name]) => h("button", { type: "button", click: () => this.chart.follow(span) }, name));
        const quiet = (name, label, action) => h("button.round", { type: "button", "aria-label": label, click: action }, icon(name));
        this.followButton = h("button.follow", { type: "button", click: () => this.chart.follow() }, h("i.dot"), "Live");
        const links = [["csv", "CSV"], ["ndjson", "NDJSON"], ["senml", "SenML"]].map(([form, name]) => h("a", {
            download: true, href: "#", click: (event) => {
                event.currentTarget.href = this.history.export(this.chart.start, this.chart.end, form);
            },
        }, name));
        this.tools.replaceChildren(
            h("div.group", { role: "group", "aria-label": "How much is shown" }, this.spanButtons),
            h("div.group", { role: "group", "aria-label": "Move" },
                quiet("left", "Earlier", () => this.chart.pan(-0.5)), quiet("right", "Later", () => this.chart.pan(0.5)),
                quiet("minus", "Show more time", () => this.chart.zoom(2, 0.5)), quiet("plus", "Show less time", () => this.chart.zoom(0.5, 0.5)),
                this.followButton),
            h("details.menu", null, h("summary", null, icon("export"), "Export"),
                h("div.choices", null, h("p.faint", null, "What is shown, every sample:"), links)));
    }

    /** The stretch of time that is shown is another. */
    moved() {
        const { chart } = this;
        this.spanButtons.forEach((button, index) => {
            button.setAttribute("aria-pressed", String(chart.following && Math.abs(spans[index][0] - chart.span) < 1));
        });
        this.followButton.setAttribute("aria-pressed", String(chart.following));
        clearTimeout(this.loading);
        const soon = this.load(true);
        if (!soon) this.loading = setTimeout(() => this.load(false), 120);
        this.describeChart();
    }

    /** Shows what is at hand at once; what must be fetched is fetched when the hand rests. True where nothing is to fetch. */
    load(onlyAtHand) {
        const { chart, history } = this;
        const near = history.atHand(chart.start, chart.end);
        if (near) {
            chart.points = near;
            chart.draw();
            return true;
        }
        if (onlyAtHand) return false;
        const asked = history.load(chart.start, chart.end, chart.canvas.clientWidth);
        chart.waiting = true;
        asked.then((points) => {
            if (this.chart !== chart) return;
            chart.points = this.withNewest(points);
            chart.waiting = false;
            chart.draw();
            this.describeChart();
        }, () => { chart.waiting = false; });
        this.gapsAt = performance.now();
        this.loadGaps();
        return true;
    }

    /** What was fetched, and behind it what has come since. */
    withNewest(points) {
        const stream = live.of(this.id, this.attribute.name);
        if (!stream?.whole || points.least) return points;
        const last = points.t[points.t.length - 1] ?? 0;
        const index = stream.t.findIndex((time) => time > last);
        if (index < 0 || stream.t[0] > last + 2000) return points;
        return { ...points, t: points.t.concat(stream.t.slice(index)), v: points.v.concat(stream.v.slice(index)) };
    }

    async loadGaps() {
        const { chart } = this;
        try {
            const query = new URLSearchParams({
                sensor: this.id, from: (chart.start / 1000).toFixed(3), to: (chart.end / 1000).toFixed(3), limit: 200,
            });
            const gaps = await get(`/v1/gaps?${query}`);
            if (this.chart !== chart) return;
            const mine = gaps.filter((gap) => !gap.attribute || gap.attribute === this.attribute.name);
            chart.gaps = mine.filter((gap) => gap.from_ms != null).map((gap) => ({ from: gap.from_ms, to: gap.to_ms, kind: gap.kind }));
            chart.draw();
            fill(this.gapList, mine.length ? mine.slice(0, 20).map((gap) => h("li", null, h("b", null, format.title(gap.kind)), " ",
                h("span", null, format.moment(gap.from_ms ?? gap.time_ms)), gap.lost ? ` · ${format.count(gap.lost)} samples` : "",
                gap.cause ? h("span.faint", null, ` · ${gap.cause}`) : null)) : h("li.faint", null, "Nothing, in the time shown."));
        } catch { /* a chart without its gaps is still a chart */ }
    }

    describeChart() {
        const { chart } = this;
        const range = chart.range();
        const error = live.clock.error_ms;
        const what = `${format.moment(chart.start)} to ${chart.following ? "now" : format.moment(chart.end)}`;
        const values = range && chart.points.t.length ? ` · ${format.value(chart.range()[0])} to ${format.value(chart.range()[1])} ${this.attribute.unit}` : "";
        const doubt = error != null ? ` · times good to ${format.bound(error)}${live.clock.settled ? "" : ", not settled yet"}` : "";
        chart.canvas.setAttribute("aria-label", `Chart of ${this.attribute.name}, ${what}${values}`);
        say(this.note, `${what}${doubt}`);
    }

    readings() {
        for (const [name, element] of this.values ?? []) {
            const stream = live.of(this.id, name);
            const attribute = this.sensor.attributes.find((one) => one.name === name);
            say(element, reading(stream?.v[stream.v.length - 1] ?? attribute?.value, stream?.scale, attribute?.components));
        }
    }

    async refresh() {
        try {
            this.sensor = await get(`/v1/sensors/${encodeURIComponent(this.id)}`);
            if (!this.closed) this.describe();
        } catch { /* said elsewhere */ }
    }

    turn(now) {
        if (this.closed) return;
        const { chart } = this;
        // A minute on a thousand pixels moves by one pixel in 60 ms; a day not at all between two refreshes.
        const wait = calm.matches ? 1000 : chart ? Math.min(1000, Math.max(16, chart.span / 1500)) : 100;
        if (chart && now - (this.gapsAt ?? 0) > 10_000) {
            this.gapsAt = now;
            this.loadGaps();
        }
        if (chart?.following && now - (this.drawn ?? 0) >= wait) {
            this.drawn = now;
            if (!this.load(true)) {
                if (now - (this.fetched ?? 0) > Math.max(2000, chart.span / 400)) {
                    this.fetched = now;
                    this.load(false);
                }
                chart.draw();
            }
        }
        this.frame = requestAnimationFrame((then) => this.turn(then));
    }
}
