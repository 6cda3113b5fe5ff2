// Who may come in.
import { get, may, onSignedOut, post, remove, session } from "./api.js";
import { fill, h, say } from "./dom.js";
import * as format from "./format.js";

const lengths = [[7200, "2 hours"], [86_400, "1 day"], [604_800, "1 week"], [2_592_000, "30 days"], [31_536_000, "1 year"], [0, "until revoked"]];

export function access(holder) {
    const out = h("button.quiet", { type: "button", click: async () => {
        try { await remove("/v1/session"); } finally { onSignedOut(); }
    } }, "Sign out");
    holder.append(h("div.title", null, h("div", null, h("h1", null, "Access"),
        h("p.under", null, `This browser may ${{ view: "look", operate: "look and operate", admin: "do everything" }[session.scope]}.`)), out));
    if (!may("admin")) {
        holder.append(h("p.empty", null, "Who may come in is shown to administrators: ", h("code", null, "bothy page --scope admin"), "."));
        return null;
    }
    const sessions = h("tbody");
    const tokens = h("tbody");
    const made = h("div", { "aria-live": "polite" });
    const refresh = async () => {
        try { draw(await get("/v1/access")); } catch { /* said elsewhere */ }
    };
    const end = (id, name) => h("button.quiet", { type: "button", "aria-label": `Revoke ${name}`, click: async () => {
        await remove(`/v1/access/${id}`);
        if (id === session.id) onSignedOut(); else refresh();
    } }, "Revoke");
    const draw = (value) => {
        const rows = value.sessions.map((one) => h("tr", null,
            h("td", null, browser(one.agent), one.id === session.id ? h("span.tag", null, "this one") : null),
            h("td", null, one.from), h("td", null, one.scope), h("td", null, `used ${format.ago(one.idle_seconds * 1000)}`), h("td", null, end(one.id, "session"))));
        const mine = value.tokens.map((one) => h("tr", null, h("td", null, one.name), h("td", null, one.scope),
            h("td", null, one.until ? `until ${format.moment(one.until * 1000)}` : "until revoked"), h("td", null, end(one.id, one.name))));
        sessions.replaceChildren(...rows);
        tokens.replaceChildren(...mine);
        if (!mine.length) tokens.append(h("tr", null, h("td", { colspan: 4, class: "faint" }, "None.")));
    };
    holder.append(
        h("section.card", { "aria-labelledby": "a-sessions" }, h("h2", { id: "a-sessions" }, "Browsers"),
            h("div.scroll", null, h("table", null, head("Browser", "From", "May", "", ""), sessions))),
        h("section.card", { "aria-labelledby": "a-tokens" }, h("h2", { id: "a-tokens" }, "Tokens for programs and guests"),
            h("div.scroll", null, h("table", null, head("Name", "May", "For", ""), tokens)), form(refresh, made), made));
    refresh();
    const timer = setInterval(refresh, 5000);
    return () => clearInterval(timer);
}

const head = (...names) => h("thead", null, h("tr", null, names.map((name) => name ? h("th", { scope: "col" }, name) : h("td"))));

function form(refresh, made) {
    const name = h("input", { required: true, maxlength: 100, placeholder: "What is it for?", "aria-label": "Name of the new token" });
    const scope = h("select", { "aria-label": "What it may do" }, ["view", "operate", "admin"].map((one) => h("option", null, one)));
    const length = h("select", { "aria-label": "For how long" }, lengths.map(([seconds, words]) => h("option", { value: seconds }, words)));
    const problem = h("p.message", { role: "alert" });
    return h("form.newtoken", { submit: async (event) => {
        event.preventDefault();
        say(problem, "");
        try {
            const body = { name: name.value, scope: scope.value };
            if (Number(length.value)) body.seconds = Number(length.value);
            const token = await post("/v1/access/tokens", body);
            name.value = "";
            fill(made, h("p", null, "The new token. It is shown this once:"), h("pre", { tabindex: 0, "aria-label": "token" }, h("code", null, token.token)));
            refresh();
        } catch (error) { say(problem, `${error.message}.`); }
    } }, name, scope, length, h("button", { type: "submit" }, "Make a token"), problem);
}

/** What a person calls their browser. */
function browser(agent) {
    const name = /Edg\//.test(agent) ? "Edge" : /Firefox\//.test(agent) ? "Firefox" : /Chrom(e|ium)\//.test(agent) ? "Chromium"
        : /Safari\//.test(agent) ? "Safari" : agent.split(/[\/ ]/)[0] || "Unknown";
    const on = /Android/.test(agent) ? "Android" : /iPhone|iPad/.test(agent) ? "iOS" : /Mac OS/.test(agent) ? "macOS"
        : /Windows/.test(agent) ? "Windows" : /Linux/.test(agent) ? "Linux" : "";
    return on ? `${name} on ${on}` : name;
}
