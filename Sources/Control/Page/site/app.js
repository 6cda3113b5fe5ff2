// The page's frame: who asks, where they are, and whether the gateway is still there.
import { begin, get, session, whenSignedOut } from "./api.js";
import { fill, h, icon, say } from "./dom.js";
import { live } from "./live.js";
import { forgetPalette } from "./paint.js";
import { signIn } from "./signin.js";
import { overview } from "./overview.js";
import { sensors } from "./sensors.js";
import { sensor } from "./sensor.js";
import { events } from "./events.js";
import { access } from "./access.js";

const places = [
    { path: "", name: "Overview", icon: "overview", view: overview },
    { path: "sensors", name: "Sensors", icon: "sensors", view: sensors },
    { path: "events", name: "Events", icon: "events", view: events },
    { path: "access", name: "Access", icon: "access", view: access, scope: "view" },
];

const app = document.getElementById("app");
const status = { value: null, listeners: new Set() };
let leave = () => {};

/** What the views share: the newest status, asked for once for all of them. */
const shared = {
    get status() { return status.value; },
    onStatus(action) {
        status.listeners.add(action);
        if (status.value) action(status.value);
        return () => status.listeners.delete(action);
    },
};

function theme(wish) {
    if (wish) document.documentElement.dataset.theme = wish; else delete document.documentElement.dataset.theme;
    forgetPalette();
}

function frame() {
    const name = h("span.name", null, "Bothy");
    const links = places.map((place) => h("a", { href: `#/${place.path}` }, icon(place.icon), h("span", null, place.name)));
    const nav = h("nav", { "aria-label": "Pages" }, links);
    const banner = h("div.banner", { role: "status", "aria-live": "polite" });
    const dark = h("button.quiet.theme", {
        type: "button", "aria-label": "Light or dark",
        click: () => {
            const isDark = document.documentElement.dataset.theme
                ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
            const wish = isDark ? "light" : "dark";
            theme(wish);
            try { localStorage.setItem("theme", wish); } catch { /* a browser that keeps nothing */ }
            show();
        },
    }, icon("moon"));
    const main = h("main", { id: "main", tabindex: -1 });
    app.replaceChildren(
        h("header.bar", null, h("a.home", { href: "#/" }, h("img", { src: "icon.svg", alt: "", width: 30, height: 30 }), name), dark),
        nav, h("div.page", null, banner, main));
    shared.onStatus((value) => {
        say(name, value.gateway?.name ?? "Bothy");
        document.title = `${value.healthy === false ? "● " : ""}${value.gateway?.name ?? "Bothy"}`;
    });
    live.addEventListener("state", () => {
        const lost = live.state === "lost";
        document.body.classList.toggle("lost", lost);
        fill(banner, lost ? h("p", null, icon("attention"), " The connection is lost. Trying again …") : null);
        if (!lost) refresh();
    });
    return { main, links };
}

let parts = null;

function show() {
    leave();
    const [path, argument] = location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
    const place = path === "sensor" ? { view: sensor, name: "Sensor" } : places.find((one) => one.path === path) ?? places[0];
    const active = path === "sensor" ? "sensors" : place.path;
    document.body.dataset.place = place.path ?? path;
    parts.links.forEach((link, index) => {
        if (places[index].path === active) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
    });
    const holder = h("div.view");
    parts.main.replaceChildren(holder);
    leave = place.view(holder, shared, argument) ?? (() => {});
}

let asking = false;

async function refresh() {
    if (asking || document.hidden || session.scope === null) return;
    asking = true;
    try {
        status.value = await get("/v1/status");
        for (const action of status.listeners) action(status.value);
    } catch { /* the live connection says what is wrong */ } finally { asking = false; }
}

function ask(message) {
    leave();
    live.stop();
    session.scope = null;
    app.replaceChildren(signIn(message));
}

async function start() {
    try { theme(localStorage.getItem("theme")); } catch { theme(null); }
    const link = /^#link=([0-9a-zA-Z_-]+)$/.exec(location.hash)?.[1];
    // The secret must not stay in the address bar or the history.
    if (link) history.replaceState(null, "", location.pathname);
    whenSignedOut(() => ask("Your session is over."));
    try {
        if (!await begin(link)) { ask(); return; }
    } catch (error) {
        ask(`${error.message[0].toUpperCase()}${error.message.slice(1)}.`);
        return;
    }
    parts = frame();
    live.connect();
    addEventListener("hashchange", () => {
        show();
        parts.main.focus({ preventScroll: true });
        scrollTo(0, 0);
    });
    document.addEventListener("visibilitychange", refresh);
    setInterval(refresh, 2000);
    show();
    refresh();
}

start();
