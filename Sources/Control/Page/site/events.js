// What happened.
import { get } from "./api.js";
import { fill, h } from "./dom.js";
import * as format from "./format.js";
import { sentence } from "./overview.js";

export function events(holder) {
    const list = h("ol.events");
    const search = h("input", { type: "search", placeholder: "Find", "aria-label": "Find in the events", input: () => draw() });
    const level = h("select", { "aria-label": "Which events", change: () => draw() },
        h("option", { value: "info" }, "All"), h("option", { value: "warning" }, "Warnings and errors"), h("option", { value: "error" }, "Errors"));
    holder.append(h("div.title", null, h("h1", null, "Events"), h("div.actions", null, search, level)), h("section.card", null, list));
    const order = ["error", "warning", "notice", "info", "debug"];
    let all = [];
    let ended = false;
    const draw = () => {
        const wanted = search.value.trim().toLowerCase();
        const most = order.indexOf(level.value);
        const shown = all.filter((one) => order.indexOf(one.level) <= Math.max(most, level.value === "info" ? 9 : most)
            && (!wanted || `${one.kind} ${one.message} ${one.sensor ?? ""}`.toLowerCase().includes(wanted)));
        let day = "";
        fill(list, shown.length === 0 ? h("li.empty", null, "Nothing of the kind.") : shown.map((one) => {
            const date = format.date(one.time_ms);
            const head = date === day ? null : h("li.day", null, date);
            day = date;
            return [head, h(`li.event.${one.level}`, null, h("time", { datetime: new Date(one.time_ms).toISOString() }, format.time(one.time_ms)),
                h("span.part", null, one.kind), h("span.what", null, one.level === "error" || one.level === "warning"
                    ? h("b.level", null, one.level === "error" ? "Error: " : "Warning: ") : null, sentence(one.message)))];
        }));
    };
    const refresh = async () => {
        try {
            all = await get("/v1/events?limit=500");
            if (!ended) draw();
        } catch { /* said elsewhere */ }
    };
    refresh();
    const timer = setInterval(refresh, 3000);
    return () => { ended = true; clearInterval(timer); };
}
