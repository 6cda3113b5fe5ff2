// What drawing on a canvas has in common.

let colours = null;

/** The colours of the style sheet, as they are now. */
export function palette() {
    if (colours) return colours;
    const style = getComputedStyle(document.documentElement);
    const read = (name) => style.getPropertyValue(name).trim();
    colours = {
        ink: read("--ink"), faint: read("--faint"), line: read("--line"), card: read("--card"), hatch: read("--hatch"),
        amber: read("--amber"), series: [1, 2, 3, 4, 5, 6].map((number) => read(`--series-${number}`)),
    };
    return colours;
}

export function forgetPalette() { colours = null; }
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", forgetPalette);

export const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** Sizes a canvas to its box and the screen's pixels; gives its context in CSS pixels, or null where it has no size. */
export function context(canvas) {
    const box = canvas.getBoundingClientRect();
    const ratio = Math.min(3, devicePixelRatio || 1);
    const [width, height] = [Math.round(box.width * ratio), Math.round(box.height * ratio)];
    if (width === 0 || height === 0) return null;
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    const drawing = canvas.getContext("2d");
    drawing.setTransform(ratio, 0, 0, ratio, 0, 0);
    drawing.clearRect(0, 0, box.width, box.height);
    return { drawing, width: box.width, height: box.height };
}

/** The first index of `times` that is not before `time`; NaN marks between the times count as before. */
export function firstAt(times, time) {
    let [low, high] = [0, times.length];
    while (low < high) {
        const middle = (low + high) >> 1;
        const at = Number.isNaN(times[middle]) ? times[middle - 1] ?? -Infinity : times[middle];
        if (at < time) low = middle + 1; else high = middle;
    }
    return low;
}

/** Round numbers for an axis: at most `most` of them between `least` and `greatest`. */
export function ticks(least, greatest, most) {
    const rough = (greatest - least) / Math.max(1, most);
    const size = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 2.5, 5, 10].map((factor) => factor * size).find((candidate) => candidate >= rough) ?? 10 * size;
    const found = [];
    for (let at = Math.ceil(least / step) * step; at <= greatest + step * 1e-9; at += step) found.push(at);
    const digits = Math.max(0, Math.min(6, -Math.floor(Math.log10(step) + 1e-9) + (step / size === 2.5 ? 1 : 0)));
    return { at: found, text: (value) => (Math.abs(value) < step * 1e-6 ? 0 : value).toFixed(digits), step };
}

const timeSteps = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 1.5e4, 3e4, 6e4, 1.2e5, 3e5, 6e5, 9e5, 1.8e6, 3.6e6, 7.2e6, 1.08e7,
    2.16e7, 4.32e7, 8.64e7, 1.728e8, 6.048e8, 2.592e9,
];

/** Round local times. */
export function timeTicks(from, to, most) {
    const step = timeSteps.find((candidate) => (to - from) / candidate <= most) ?? 2.592e9;
    const zone = new Date(from).getTimezoneOffset() * 60_000;
    const found = [];
    for (let at = Math.ceil((from - zone) / step) * step + zone; at <= to; at += step) found.push(at);
    const two = (number) => String(number).padStart(2, "0");
    const text = (at) => {
        const date = new Date(at);
        const hours = `${two(date.getHours())}:${two(date.getMinutes())}`;
        if (step >= 8.64e7 || (step >= 3.6e6 && date.getHours() === 0 && date.getMinutes() === 0)) {
            return date.toLocaleDateString(undefined, { day: "numeric", month: "short" });
        }
        if (step >= 6e4) return hours;
        if (step >= 1e3) return `${hours}:${two(date.getSeconds())}`;
        return `${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, "0")}`;
    };
    return { at: found, text };
}
