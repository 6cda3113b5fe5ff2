// All sensors.
import { get } from "./api.js";
import { h, say } from "./dom.js";
import { live } from "./live.js";
import { SensorRows } from "./rows.js";

export function sensors(holder) {
    const under = h("p.under");
    const list = h("div.sensorlist.wide");
    const search = h("input", { type: "search", placeholder: "Find", "aria-label": "Find a sensor", input: () => draw() });
    const rows = new SensorRows(list);
    holder.append(h("div.title", null, h("div", null, h("h1", null, "Sensors"), under), search), list);
    live.select(null);
    let all = [];
    let ended = false;
    const draw = () => {
        const wanted = search.value.trim().toLowerCase();
        const shown = all.filter((one) => !wanted || `${one.name} ${one.id} ${one.kind}`.toLowerCase().includes(wanted));
        rows.show(shown);
        const heard = all.filter((one) => one.healthy && one.enabled).length;
        say(under, all.length ? `${heard} of ${all.filter((one) => one.enabled).length} heard` : "");
    };
    const refresh = async () => {
        try {
            all = await get("/v1/sensors");
            if (!ended) draw();
        } catch { /* said elsewhere */ }
    };
    refresh();
    const timer = setInterval(refresh, 3000);
    return () => { ended = true; clearInterval(timer); rows.end(); };
}
