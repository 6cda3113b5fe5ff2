// Building the page's elements.

/** h("p.note", {title: "…"}, "text", element, [more]); attributes with a function become listeners. */
export function h(tag, attributes, ...children) {
    const [name, ...classes] = tag.split(".");
    const element = document.createElement(name);
    if (classes.length) element.className = classes.join(" ");
    for (const [key, value] of Object.entries(attributes ?? {})) {
        if (typeof value === "function") element.addEventListener(key, value);
        else if (value === true) element.setAttribute(key, "");
        else if (value !== false && value != null) element.setAttribute(key, value);
    }
    add(element, children);
    return element;
}

function add(element, children) {
    for (const child of children.flat(3)) {
        if (child === null || child === undefined || child === false) continue;
        element.append(child instanceof Node ? child : String(child));
    }
}

/** Puts new children in the place of the old, but leaves the document alone where nothing would change. */
export function fill(element, ...children) {
    const fresh = document.createElement(element.tagName);
    add(fresh, children);
    if (fresh.innerHTML === element.innerHTML) return false;
    element.replaceChildren(...fresh.childNodes);
    return true;
}

/** Sets text only where it differs, so that screen readers and the layout are left in peace. */
export function say(element, text) {
    if (element.textContent !== text) element.textContent = text;
}

const svgSpace = "http://www.w3.org/2000/svg";

export function svg(tag, attributes, ...children) {
    const element = document.createElementNS(svgSpace, tag);
    for (const [key, value] of Object.entries(attributes ?? {})) if (value != null) element.setAttribute(key, value);
    add(element, children);
    return element;
}

const paths = {
    overview: "M3.5 11.5 12 4.500l8.5 7 M6 10v9h12v-9 M10 19v-5h4v5",
    sensors: "M2.5 12.500h4l2.5-6 4 11.5 3-8.5 1.5 3h4",
    events: "M5 6.500h14 M5 12h14 M5 17.500h9",
    access: "M8 15.500a4 4 0 1 1 3.5-6H21v3.500h-2.500v2.500H15v-2.500h-3.500a4 4 0 0 1-3.5 2.500z",
    rooms: "M4 5h16v14H4z M12 5v14 M12 12h8",
    heartrate: "M12 19.500S4 14.700 4 9.300A4.300 4.300 0 0 1 12 7a4.300 4.300 0 0 1 8 2.300c0 5.400-8 10.200-8 10.200z",
    thermometer: "M14 13.500V5.500a2 2 0 0 0-4 0v8a4 4 0 1 0 4 0z M12 9v8",
    imu: "M12 3.5 19.5 8v8L12 20.5 4.5 16V8z M4.5 8 12 12l7.5-4 M12 12v8.5",
    gps: "M12 20.500s-6.5-5.5-6.5-10.500a6.5 6.5 0 0 1 13 0c0 5-6.5 10.5-6.5 10.500z M12 12.200a2.200 2.200 0 1 0 0-4.400 2.200 2.200 0 0 0 0 4.400z",
    battery: "M4 8h14v8H4z M20.5 11v2 M7 10.500v3 M10 10.500v3",
    power: "M13 3 6 13.500h5L10.5 21 18 10.500h-5z",
    button: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16z M12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z",
    respiration: "M4 9h9.500a2.5 2.5 0 1 0-2.5-2.5 M4 13h13.500a2.5 2.5 0 1 1-2.5 2.5 M4 17h6",
    humidity: "M12 3.500s6 6.300 6 10.500a6 6 0 0 1-12 0c0-4.200 6-10.5 6-10.500z",
    light: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8z M12 3v2 M12 19v2 M3 12h2 M19 12h2 M5.600 5.600 7 7 M17 17l1.400 1.400 M5.600 18.400 7 17 M17 7l1.400-1.400",
    wave: "M3 12c2.200 0 2.200-6 4.5-6s2.300 12 4.5 12 2.200-12 4.5-12S18.800 12 21 12",
    well: "M5 12.5 10 17.5 19.5 7",
    attention: "M12 4 21 19.500H3z M12 10v4.5 M12 17v.500",
    pencil: "M4.5 19.5 6 15 16 5l3 3L9 18z",
    export: "M12 4v11 M7.5 10.5 12 15l4.5-4.5 M5 19.500h14",
    minus: "M6 12h12",
    plus: "M6 12h12 M12 6v12",
    left: "M14.5 5.5 8 12l6.5 6.5",
    right: "M9.5 5.5 16 12l-6.5 6.5",
    moon: "M19.5 14.500A8 8 0 0 1 9.5 4.500a8 8 0 1 0 10 10z",
    sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8z M12 3v2 M12 19v2 M3 12h2 M19 12h2 M5.600 5.600 7 7 M17 17l1.400 1.400 M5.600 18.400 7 17 M17 7l1.400-1.400",
};

const kinds = {
    thermometer: "thermometer", temperature: "thermometer", heartrate: "heartrate", ecg: "heartrate", heart: "heartrate",
    imu: "imu", motion: "imu", gps: "gps", gnss: "gps", battery: "battery", power: "power", meter: "power", button: "button",
    respiration: "respiration", tracker: "gps", location: "gps", geolocation: "gps", sledge: "imu", environment: "thermometer", weather: "thermometer", humidity: "humidity", light: "light",
};

/** Our own drawings, one line each on a grid of 24. */
export function icon(name, label) {
    return svg("svg", {
        viewBox: "0 0 24 24", class: "icon", "aria-hidden": label ? null : "true", role: label ? "img" : null,
        "aria-label": label,
    }, svg("path", { d: paths[name] ?? paths.wave }));
}

export const kindIcon = (kind) => icon(kinds[kind] ?? "wave");
