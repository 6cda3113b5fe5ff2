// A small line of the last half minute, without axes: the shape is the message.
import { live } from "./live.js";
import { calm, context, firstAt, palette } from "./paint.js";

const shownMs = 30_000;
const fastMs = 6_000;
const sparks = new Set();
let running = false;

/** Has `canvas` show a stream for as long as it is in the document. */
export function spark(canvas, sensor, attribute) {
    sparks.add({ canvas, sensor, attribute, drawn: 0, range: null });
    if (!running) {
        running = true;
        requestAnimationFrame(turn);
    }
    return canvas;
}

function turn(now) {
    for (const one of sparks) {
        if (!one.canvas.isConnected) {
            if (one.seen) sparks.delete(one);
            continue;
        }
        one.seen = true;
        // Twenty pictures a second are as smooth as a line this small can be; one is enough for who wants calm.
        if (now - one.drawn < (calm.matches ? 1000 : 50)) continue;
        one.drawn = now;
        draw(one);
    }
    running = sparks.size > 0;
    if (running) requestAnimationFrame(turn);
}

function draw(one) {
    const stream = live.of(one.sensor, one.attribute);
    const to = live.now() - 150;
    const from = to - (stream?.rate >= 20 ? fastMs : shownMs);
    const begin = stream ? Math.max(0, firstAt(stream.t, from) - 1) : 0;
    // Nothing new, nothing old: the picture is the same.
    const mark = `${stream?.t.length ?? 0} ${stream?.t[stream.t.length - 1]} ${begin} ${one.canvas.clientWidth}`;
    if (!stream || stream.t.length === 0 || (mark === one.mark && stream.t[stream.t.length - 1] < from)) return;
    one.mark = mark;
    const place = context(one.canvas);
    if (!place) return;
    const { drawing, width, height } = place;
    let [least, most] = [Infinity, -Infinity];
    const series = Array.isArray(stream.v[stream.v.length - 1]) ? stream.v[stream.v.length - 1].length : 1;
    const read = (index, part) => {
        const found = series > 1 ? stream.v[index]?.[part] : stream.v[index];
        return found === true ? 1 : found === false ? 0 : found;
    };
    // Parts far apart, as gravity is from what shakes, are each drawn around their own middle.
    const middles = [];
    for (let part = 0; part < Math.min(series, 3); part += 1) {
        let [low, high] = [Infinity, -Infinity];
        for (let index = begin; index < stream.t.length; index += 1) {
            const value = read(index, part);
            if (typeof value !== "number") continue;
            if (value < low) low = value;
            if (value > high) high = value;
        }
        middles[part] = series > 1 && low <= high ? (low + high) / 2 : 0;
        least = Math.min(least, low - middles[part]);
        most = Math.max(most, high - middles[part]);
    }
    if (!(least <= most)) return;
    // The scale follows slowly, so that the line moves and not the world around it.
    const old = one.range ?? [least, most];
    one.range = [Math.min(least, old[0] + (least - old[0]) * 0.08), Math.max(most, old[1] + (most - old[1]) * 0.08)];
    const span = one.range[1] - one.range[0] || Math.max(1e-9, Math.abs(most) * 0.01, 1e-3);
    const middle = (one.range[0] + one.range[1]) / 2;
    const x = (time) => ((time - from) / (to - from)) * (width - 4);
    const y = (value, part) => height / 2 - ((value - middles[part] - middle) / span) * (height - 6);
    drawing.lineWidth = 1.4;
    drawing.lineJoin = "round";
    for (let part = 0; part < Math.min(series, 3); part += 1) {
        drawing.strokeStyle = palette().series[part];
        drawing.beginPath();
        let up = true;
        for (let index = begin; index < stream.t.length; index += 1) {
            const value = read(index, part);
            if (typeof value !== "number") { up = true; continue; }
            if (up) drawing.moveTo(x(stream.t[index]), y(value, part)); else drawing.lineTo(x(stream.t[index]), y(value, part));
            up = false;
        }
        drawing.stroke();
    }
    const last = stream.t.length - 1;
    if (series === 1 && typeof read(last, 0) === "number" && stream.t[last] >= from) {
        drawing.fillStyle = palette().series[0];
        drawing.beginPath();
        drawing.arc(Math.min(width - 2.5, x(stream.t[last])), y(read(last, 0), 0), 2.2, 0, 7);
        drawing.fill();
    }
}
