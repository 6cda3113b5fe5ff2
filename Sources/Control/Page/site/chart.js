// A chart of one stream over any stretch of time, moved and scaled by pointer, wheel and keys.
import { context, palette, ticks, timeTicks } from "./paint.js";
import * as format from "./format.js";

const left = 54;
const bottom = 26;
const top = 10;
export const shortestMs = 200;
export const longestMs = 400 * 86_400_000;

export class Chart extends EventTarget {
    /** `now()` gives the gateway's time. */
    constructor(canvas, { now, unit, components }) {
        super();
        this.canvas = canvas;
        this.now = now;
        this.unit = unit;
        this.components = components.length ? components : [""];
        /** {t, v, least, most}: points, and where they stand for many, their extremes. */
        this.points = { t: [], v: [] };
        this.gaps = [];
        this.span = 60_000;
        this.to = null;
        this.cursor = null;
        this.pointers = new Map();
        this.hidden = new Set();
        this.listen();
        new ResizeObserver(() => this.draw()).observe(canvas);
    }

    /** Shows or hides a part; true where it is shown now. */
    toggle(part) {
        if (!this.hidden.delete(part)) this.hidden.add(part);
        this.draw();
        return !this.hidden.has(part);
    }

    get following() { return this.to === null; }
    get end() { return this.to ?? this.now() - 200; }
    get start() { return this.end - this.span; }

    show(from, to) {
        this.span = Math.min(longestMs, Math.max(shortestMs, to - from));
        this.to = to >= this.now() - 500 ? null : to;
        this.changed();
    }

    follow(span = this.span) {
        this.span = span;
        this.to = null;
        this.changed();
    }

    changed() {
        this.draw();
        this.dispatchEvent(new Event("view"));
    }

    pan(share) {
        const to = Math.min(this.end + this.span * share, this.now());
        this.show(to - this.span, to);
    }

    /** Scales around `at` (0 left, 1 right). */
    zoom(factor, at = 1) {
        const span = Math.min(longestMs, Math.max(shortestMs, this.span * factor));
        if (this.following) { this.follow(span); return; }
        const fixed = this.start + this.span * at;
        const to = Math.min(this.now(), fixed + span * (1 - at));
        this.show(to - span, to);
    }

    listen() {
        const canvas = this.canvas;
        const share = (event) => {
            const box = canvas.getBoundingClientRect();
            return Math.min(1, Math.max(0, (event.clientX - box.left - left) / (box.width - left)));
        };
        canvas.addEventListener("wheel", (event) => {
            event.preventDefault();
            if (Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey) {
                this.pan((event.deltaX || event.deltaY) / 1200);
            } else this.zoom(1.0016 ** event.deltaY, share(event));
        }, { passive: false });
        canvas.addEventListener("pointerdown", (event) => {
            canvas.setPointerCapture(event.pointerId);
            this.pointers.set(event.pointerId, event.clientX);
        });
        canvas.addEventListener("pointermove", (event) => this.move(event, share(event)));
        for (const name of ["pointerup", "pointercancel"]) {
            canvas.addEventListener(name, (event) => this.pointers.delete(event.pointerId));
        }
        canvas.addEventListener("pointerleave", () => { this.cursor = null; this.draw(); });
        canvas.addEventListener("dblclick", () => this.follow(60_000));
        canvas.addEventListener("keydown", (event) => this.key(event));
        canvas.addEventListener("blur", () => { this.cursor = null; this.draw(); });
    }

    move(event, at) {
        const before = this.pointers.get(event.pointerId);
        const width = this.canvas.clientWidth - left;
        if (before === undefined) {
            this.cursor = at;
            this.draw();
        } else if (this.pointers.size === 2) {
            const [other] = [...this.pointers].filter(([id]) => id !== event.pointerId).map(([, x]) => x);
            const [old, fresh] = [Math.abs(before - other), Math.abs(event.clientX - other)];
            if (old > 8 && fresh > 8) this.zoom(old / fresh, at);
            this.pointers.set(event.pointerId, event.clientX);
        } else {
            this.pan((before - event.clientX) / width);
            this.pointers.set(event.pointerId, event.clientX);
        }
    }

    key(event) {
        const actions = {
            ArrowLeft: () => event.shiftKey ? this.step(-1) : this.pan(-0.1),
            ArrowRight: () => event.shiftKey ? this.step(1) : this.pan(0.1),
            PageUp: () => this.pan(-1), PageDown: () => this.pan(1),
            "+": () => this.zoom(0.7, this.cursor ?? 0.5), "=": () => this.zoom(0.7, this.cursor ?? 0.5),
            "-": () => this.zoom(1 / 0.7, this.cursor ?? 0.5), ArrowUp: () => this.zoom(0.7, 0.5),
            ArrowDown: () => this.zoom(1 / 0.7, 0.5), End: () => this.follow(), Escape: () => { this.cursor = null; this.draw(); },
        };
        const action = actions[event.key];
        if (!action) return;
        event.preventDefault();
        action();
    }

    step(direction) {
        this.cursor = Math.min(1, Math.max(0, (this.cursor ?? 1) + direction * 0.01));
        this.draw();
        this.dispatchEvent(new Event("cursor"));
    }

    /** What is at the cursor: {time, values}, or null. */
    reading() {
        if (this.cursor === null) return null;
        const time = this.start + this.span * this.cursor;
        const { t, v } = this.points;
        let best = -1;
        let distance = this.span / 40;
        for (let index = 0; index < t.length; index += 1) {
            const away = Math.abs(t[index] - time);
            if (away < distance) [best, distance] = [index, away];
        }
        return best < 0 ? { time, values: null } : { time: t[best], values: [v[best]].flat() };
    }

    range() {
        let [least, most] = [Infinity, -Infinity];
        const { t, v, least: low, most: high } = this.points;
        const [from, to] = [this.start, this.end];
        const see = (value) => {
            const parts = Array.isArray(value) ? value : [value];
            for (let part = 0; part < parts.length; part += 1) {
                if (this.hidden.has(part)) continue;
                const one = parts[part];
                const number = one === true ? 1 : one === false ? 0 : one;
                if (typeof number !== "number" || !Number.isFinite(number)) continue;
                if (number < least) least = number;
                if (number > most) most = number;
            }
        };
        for (let index = 0; index < t.length; index += 1) {
            if (t[index] < from || t[index] > to) continue;
            see(low ? low[index] : v[index]);
            see(high ? high[index] : v[index]);
        }
        if (least > most) return null;
        const room = (most - least) * 0.08 || Math.max(Math.abs(most) * 0.02, 0.5);
        return [least - room, most + room];
    }

    draw() {
        const place = context(this.canvas);
        if (!place) return;
        const { drawing, width, height } = place;
        const colours = palette();
        const area = { x: left, y: top, width: width - left, height: height - top - bottom };
        const [from, to] = [this.start, this.end];
        const range = this.range() ?? this.lastRange ?? [0, 1];
        this.lastRange = range;
        const x = (time) => area.x + ((time - from) / (to - from)) * area.width;
        const y = (value) => area.y + (1 - (value - range[0]) / (range[1] - range[0])) * area.height;
        drawing.font = "11px system-ui, sans-serif";
        this.drawAxes(drawing, area, x, y, range, colours);
        drawing.save();
        drawing.beginPath();
        drawing.rect(area.x, area.y - 2, area.width, area.height + 4);
        drawing.clip();
        for (const gap of this.gaps) this.drawGap(drawing, area, x, gap, colours);
        this.components.forEach((_, part) => { if (!this.hidden.has(part)) this.drawSeries(drawing, x, y, part, colours); });
        drawing.restore();
        if (this.points.t.length === 0 && !this.gaps.length) {
            drawing.fillStyle = colours.faint;
            drawing.textAlign = "center";
            drawing.fillText(this.waiting ? "…" : "nothing was measured here", area.x + area.width / 2, area.y + area.height / 2);
        }
        this.drawCursor(drawing, area, x, y, colours);
    }

    drawAxes(drawing, area, x, y, range, colours) {
        drawing.lineWidth = 1;
        drawing.strokeStyle = colours.line;
        drawing.fillStyle = colours.faint;
        drawing.textBaseline = "middle";
        drawing.textAlign = "right";
        const values = ticks(range[0], range[1], Math.max(2, Math.floor(area.height / 48)));
        for (const value of values.at) {
            const at = Math.round(y(value)) + 0.5;
            drawing.beginPath();
            drawing.moveTo(area.x, at);
            drawing.lineTo(area.x + area.width, at);
            drawing.stroke();
            drawing.fillText(values.text(value), area.x - 8, at);
        }
        drawing.textBaseline = "alphabetic";
        drawing.textAlign = "center";
        const times = timeTicks(this.start, this.end, Math.max(2, Math.floor(area.width / 92)));
        for (const time of times.at) {
            const at = x(time);
            if (at < area.x + 20 || at > area.x + area.width - 18) continue;
            drawing.fillText(times.text(time), at, area.y + area.height + 18);
        }
    }

    /** Samples that are not there, hatched, with the reason where there is room for it. */
    drawGap(drawing, area, x, gap, colours) {
        const from = Math.max(area.x, x(gap.from));
        const to = Math.min(area.x + area.width, Math.max(x(gap.to), x(gap.from) + 3));
        if (to <= area.x || from >= area.x + area.width) return;
        drawing.save();
        drawing.beginPath();
        drawing.rect(from, area.y, to - from, area.height);
        drawing.fillStyle = colours.hatch;
        drawing.fill();
        drawing.clip();
        drawing.strokeStyle = colours.line;
        drawing.beginPath();
        for (let at = from - area.height; at < to; at += 9) {
            drawing.moveTo(at, area.y + area.height);
            drawing.lineTo(at + area.height, area.y);
        }
        drawing.stroke();
        const words = gap.kind ?? "gap";
        const wide = drawing.measureText(words).width + 12;
        if (to - from > wide) {
            const middle = (from + to) / 2;
            drawing.fillStyle = colours.card;
            drawing.fillRect(middle - wide / 2, area.y + 6, wide, 18);
            drawing.fillStyle = colours.faint;
            drawing.textAlign = "center";
            drawing.textBaseline = "middle";
            drawing.fillText(words, middle, area.y + 15.5);
        }
        drawing.restore();
    }

    drawSeries(drawing, x, y, part, colours) {
        const { t, v, least, most, step } = this.points;
        const pick = (list, index) => {
            const value = list[index];
            const one = Array.isArray(value) ? value[part] : part === 0 ? value : null;
            return one === true ? 1 : one === false ? 0 : one;
        };
        drawing.strokeStyle = colours.series[part % colours.series.length];
        drawing.fillStyle = drawing.strokeStyle;
        // Where two rows are further apart than rows are, nothing was measured in between.
        const apart = step ? step * 2.5 : Infinity;
        if (least) {
            drawing.globalAlpha = 0.22;
            for (let index = 0; index < t.length; index += 1) {
                const [low, high] = [pick(least, index), pick(most, index)];
                if (typeof low !== "number") continue;
                const at = x(t[index]);
                const wide = Math.max(1, x(t[index] + step) - at);
                drawing.fillRect(at, y(high), wide + 0.5, Math.max(1, y(low) - y(high)));
            }
            drawing.globalAlpha = 1;
        }
        drawing.lineWidth = 1.5;
        drawing.lineJoin = "round";
        drawing.beginPath();
        let before = NaN;
        for (let index = 0; index < t.length; index += 1) {
            const value = pick(v, index);
            if (typeof value !== "number" || !Number.isFinite(value)) { before = NaN; continue; }
            const time = t[index] + (least ? step / 2 : 0);
            if (!(time - before <= apart)) drawing.moveTo(x(time), y(value)); else drawing.lineTo(x(time), y(value));
            before = time;
        }
        drawing.stroke();
    }

    drawCursor(drawing, area, x, y, colours) {
        const reading = this.reading();
        if (!reading) return;
        const at = Math.round(x(reading.time)) + 0.5;
        if (at < area.x || at > area.x + area.width) return;
        drawing.strokeStyle = colours.faint;
        drawing.lineWidth = 1;
        drawing.beginPath();
        drawing.moveTo(at, area.y);
        drawing.lineTo(at, area.y + area.height);
        drawing.stroke();
        const words = [format.moment(reading.time)];
        if (this.span < 20_000) words[0] += `.${String(Math.floor(reading.time % 1000)).padStart(3, "0")}`;
        if (reading.values) {
            reading.values.forEach((value, part) => {
                if (this.hidden.has(part)) return;
                const name = this.components[part] ? `${this.components[part]} ` : "";
                words.push(`${name}${format.value(value)} ${this.unit}`.trim());
            });
        }
        const wide = Math.max(...words.map((word) => drawing.measureText(word).width)) + 18;
        const high = words.length * 16 + 10;
        const box = at + wide + 10 < area.x + area.width ? at + 10 : at - wide - 10;
        drawing.fillStyle = colours.ink;
        drawing.beginPath();
        drawing.roundRect(box, area.y + 6, wide, high, 7);
        drawing.fill();
        drawing.fillStyle = colours.card;
        drawing.textAlign = "left";
        drawing.textBaseline = "middle";
        words.forEach((word, index) => drawing.fillText(word, box + 9, area.y + 19 + index * 16));
        drawing.textBaseline = "alphabetic";
        reading.values?.forEach((value, part) => {
            if (typeof value !== "number" || this.hidden.has(part)) return;
            drawing.fillStyle = colours.series[part % colours.series.length];
            drawing.beginPath();
            drawing.arc(at, y(value), 3.5, 0, 7);
            drawing.fill();
        });
    }
}
