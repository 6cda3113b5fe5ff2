// How the gateway is, at a glance.
import { get } from "./api.js";
import { fill, h, icon, say } from "./dom.js";
import * as format from "./format.js";
import { live } from "./live.js";
import { ring } from "./ring.js";
import { SensorRows } from "./rows.js";

export function overview(holder, shared) {
    const state = h("p.state");
    const heading = h("h1", null, "Overview");
    const under = h("p.under");
    const matters = h("section.matters", { "aria-label": "What needs attention" });
    const figures = h("dl.figures");
    const store = h("div");
    const parts = h("ul.parts");
    const list = h("div.sensorlist");
    const rows = new SensorRows(list, { compact: true });
    holder.append(
        h("div.title", null, h("div", null, heading, under), state), matters,
        h("div.columns", null,
            h("section.card", { "aria-labelledby": "o-ring" }, h("h2", { id: "o-ring" }, "Storage"), store),
            h("section.card", { "aria-labelledby": "o-now" }, h("h2", { id: "o-now" }, "Right now"), figures)),
        h("section.card", { "aria-labelledby": "o-sensors" },
            h("div.head", null, h("h2", { id: "o-sensors" }, "Sensors"), h("a", { href: "#/sensors" }, "All sensors")), list),
        h("section.card", { "aria-labelledby": "o-parts" }, h("h2", { id: "o-parts" }, "Parts of the gateway"), parts));
    live.select(null);
    const stop = shared.onStatus((status) => {
        say(heading, status.gateway?.name ?? "Overview");
        say(under, [status.gateway?.role === "hub" ? "Hub" : "Gateway", `version ${status.gateway?.version ?? "?"}`,
            `running for ${format.duration(status.gateway?.uptime_s)}`].join(" · "));
        const problems = status.problems ?? [];
        state.className = `state ${problems.some((one) => one.grave) ? "grave" : problems.length ? "soft" : "well"}`;
        fill(state, icon(problems.length ? "attention" : "well"),
            problems.length === 0 ? "All is well" : problems.length === 1 ? "One thing needs attention"
                : `${problems.length} things need attention`);
        fill(matters, problems.map((one) => h(`div.problem${one.grave ? ".grave" : ""}`, null, icon("attention"),
            h("div", null, h("p", null, sentence(one.text)), one.hint ? h("p.hint", null, sentence(one.hint)) : null))));
        fill(figures, figureRows(status));
        fill(store, ring(status.store));
        fill(parts, (status.components ?? []).map((part) => h("li", null, h(`i.dot.${tone(part.state)}`),
            h("span", null, part.path), h("span.faint", null, part.state,
                part.restarts ? ` · ${part.restarts} restart${part.restarts === 1 ? "" : "s"}` : ""))));
    });
    let ended = false;
    const refresh = async () => {
        try {
            const sensors = await get("/v1/sensors");
            if (!ended) rows.show(sensors.slice(0, 8));
        } catch { /* said elsewhere */ }
    };
    refresh();
    const timer = setInterval(refresh, 4000);
    return () => { ended = true; clearInterval(timer); stop(); rows.end(); };
}

export const sentence = (text) => text ? text[0].toUpperCase() + text.slice(1) : "";

function tone(state) {
    return state === "running" ? "well" : ["given up", "givenUp"].includes(state) ? "grave" : "soft";
}

function figureRows(status) {
    const { recording = {}, store = {}, clock = {}, process = {} } = status;
    const row = (name, value, unit, note) => h("div", null, h("dt", null, name),
        h("dd", null, h("b", null, value), unit ? h("span.unit", null, unit) : null, note ? h("span.note", null, note) : null));
    const error = clock.error_ms ?? live.clock.error_ms;
    return [
        row("Sensors heard", `${recording.healthy ?? "–"}`, `of ${recording.recorded ?? "–"}`),
        row("Samples", format.rate(recording.samples_per_second), "per second", `${format.count(recording.samples)} in this run`),
        row("Clock", clock.synchronised ? "set" : "not set", "", error != null ? `good to ${format.bound(error)}` : ""),
        row("Last commit", format.ago(store.last_commit_age_ms), "",
            store.last_commit_took_ms != null ? `took ${format.duration(store.last_commit_took_ms / 1000)}` : ""),
        store.written_bytes_per_day != null ? row("Written to disk", format.bytes(store.written_bytes_per_day), "a day")
            : row("Commits", format.count(store.commits), "", store.commit_window_ms ? `one each ${format.duration(store.commit_window_ms / 1000)}` : ""),
        row("Memory", format.bytes(process.anonymous_bytes ?? process.resident_bytes), "",
            process.processor_share != null ? `${(process.processor_share * 100).toFixed(1)} % of one core` : ""),
    ];
}
