"""Drives the page in headless Chromium against a real gateway. Says what failed, and ends with 1.

python page.py BOTHY VECTORS [SCREENSHOTS]
"""
import json
import os
import sys

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

from daemon import Daemon

failures = []
views = {"overview": "#/", "sensors": "#/sensors", "sensor": "#/sensor/anna-chest", "vector": "#/sensor/sledge",
         "events": "#/events", "access": "#/access"}


def check(holds, what):
    print(("ok   " if holds else "FAIL ") + what, flush=True)
    if not holds:
        failures.append(what)


def watch(page, seen):
    """What a developer would find in the console. While the daemon is away the browser itself complains of that."""
    page.on("console", lambda message: seen.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: seen.append(str(error)))


def sign_in(page, daemon):
    page.goto(daemon.origin + "/")
    expect(page.get_by_text("bothy page", exact=True)).to_be_visible()
    link = daemon.link()
    page.goto("about:blank")
    page.goto(link)
    expect(page.get_by_role("heading", name="Hay barn")).to_be_visible()
    check("link" not in page.url, "the secret leaves the address bar")
    check("link" not in page.evaluate("document.cookie"), "no script reads the session")
    cookie = page.context.cookies()[0]
    check(cookie["httpOnly"] and cookie["sameSite"] == "Strict", "the session's cookie is HttpOnly and SameSite=Strict")
    other = page.context.browser.new_context().new_page()
    other.goto(link)
    expect(other.get_by_role("alert")).to_contain_text("used already")
    check(True, "a link that was used is refused, with a sentence")
    other.context.close()


def values_change(page):
    page.goto(page.url.split("#")[0] + "#/sensors")
    value = page.locator("a.sensor", has_text="Anna").locator(".value").first
    seen = set()
    for _ in range(20):
        seen.add(value.inner_text())
        page.wait_for_timeout(150)
    check(len(seen) > 3, f"values change by themselves ({len(seen)} different)")
    drawn = page.locator("a.sensor canvas").first.evaluate(
        "one => one.getContext('2d').getImageData(0, 0, one.width, one.height).data.some((byte) => byte > 0)")
    check(drawn, "sparklines are drawn")


def chart(page):
    page.locator("a.sensor", has_text="Anna").click()
    canvas = page.locator("canvas.chart")
    expect(canvas).to_be_visible()
    page.wait_for_timeout(1500)
    before = canvas.get_attribute("aria-label")
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 100)
    page.mouse.wheel(0, 900)
    page.wait_for_timeout(700)
    after = canvas.get_attribute("aria-label")
    check(before != after, f"the wheel scales: {after}")
    page.get_by_role("button", name="1 h", exact=True).click()
    page.wait_for_timeout(1200)
    check(page.get_by_role("button", name="1 h", exact=True).get_attribute("aria-pressed") == "true", "an hour is shown")
    page.mouse.move(box["x"] + 300, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 600, box["y"] + 100, steps=6)
    page.mouse.up()
    page.wait_for_timeout(600)
    live = page.get_by_role("button", name="Live", exact=True)
    check(live.get_attribute("aria-pressed") == "false", "dragging leaves the present")
    canvas.focus()
    page.keyboard.press("End")
    check(live.get_attribute("aria-pressed") == "true", "End returns to it")
    for _ in range(3):
        page.keyboard.press("+")
    page.keyboard.press("Shift+ArrowLeft")
    page.wait_for_timeout(300)
    with page.expect_download() as download:
        page.get_by_text("Export").click()
        page.get_by_role("link", name="CSV").click()
    text = open(download.value.path(), newline="").read()
    check(text.startswith("time,number,ecg (mV)\r\n") and text.count("\r\n") > 100, f"the export has {text.count(chr(10))} lines")


def rename(page):
    page.get_by_role("button", name="Rename").click()
    page.get_by_role("textbox", name="Name").fill("Anna, renamed")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Anna, renamed")).to_be_visible()
    page.get_by_role("button", name="Stop recording").click()
    expect(page.get_by_role("button", name="Record again")).to_be_visible()
    page.get_by_role("button", name="Record again").click()
    expect(page.get_by_role("button", name="Stop recording")).to_be_visible()
    check(True, "a sensor is renamed, stopped and recorded again")


def loss_and_return(page, daemon):
    page.goto(page.url.split("#")[0] + "#/sensors")
    page.wait_for_timeout(500)
    page.evaluate("window.stayed = true")
    daemon.stop()
    expect(page.get_by_text("The connection is lost")).to_be_visible(timeout=8000)
    check(True, "the loss of the gateway is said")
    daemon.start()
    expect(page.get_by_text("The connection is lost")).to_be_hidden(timeout=20_000)
    value = page.locator("a.sensor", has_text="Ben").locator(".value").first
    seen = set()
    for _ in range(20):
        seen.add(value.inner_text())
        page.wait_for_timeout(150)
    check(len(seen) > 3 and page.evaluate("window.stayed"), "after its return values change again, without a reload")


def keyboard_only(page):
    page.goto(page.url.split("#")[0] + "#/")
    page.reload()
    page.wait_for_timeout(1200)
    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.append(page.evaluate(
            "[document.activeElement.tagName, (document.activeElement.innerText || document.activeElement.ariaLabel || '').trim().split('\\n')[0], "
            "getComputedStyle(document.activeElement).outlineStyle]"))
        if "Anna" in reached[-1][1]:
            break
    names = [name for _, name, _ in reached]
    check("Skip to the content" in names and "Sensors" in names, f"Tab reaches {len(names)} things: {names[:6]} …")
    check(all(outline != "none" for tag, _, outline in reached if tag != "BODY"), "focus is always seen")
    page.keyboard.press("Enter")
    expect(page.locator("canvas.chart")).to_be_visible()
    check(True, "Enter opens a sensor")


def accessible(page):
    axe = Axe()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for name, path in views.items():
            page.goto(page.url.split("#")[0] + path)
            page.wait_for_timeout(900)
            found = [one for one in axe.run(page).response["violations"] if one["impact"] in ("serious", "critical")]
            check(not found, f"axe finds nothing serious on {name} ({scheme})" + "".join(
                f"\n     {one['id']}: {one['nodes'][0]['target']} {one['nodes'][0].get('failureSummary', '')}" for one in found))


def fits(page, folder):
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in (360, 1440):
            page.set_viewport_size({"width": width, "height": 780 if width == 360 else 900})
            for name, path in views.items():
                page.goto(page.url.split("#")[0] + path)
                page.wait_for_timeout(1500 if folder else 500)
                over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                check(over <= 0, f"{name} fits {width} px")
                if folder:
                    page.screenshot(path=f"{folder}/{name}-{width}-{scheme}.png")


def vectors(page, path):
    bad = page.evaluate("""async (vectors) => {
        const { unpack } = await import('/packing.js');
        const view = new DataView(new ArrayBuffer(8));
        const spell = (value) => {
            if (typeof value !== 'number') return String(value);
            // A browser may change a NaN's payload.
            view.setFloat64(0, value);
            return Number.isNaN(value) ? 'NaN' : String(view.getBigUint64(0));
        };
        const wanted = (one, text) => {
            if (one.kind !== 'double') return text;
            view.setBigUint64(0, BigInt(text));
            return Number.isNaN(view.getFloat64(0)) ? 'NaN' : text;
        };
        const bad = [];
        vectors.forEach((one, index) => {
            try {
                const found = unpack(Uint8Array.from(one.packed.match(/../g) ?? [], (hex) => parseInt(hex, 16)));
                const same = found.kind === one.kind && found.scale === one.scale && found.width === one.width
                    && Array.from(found.times, String).join() === one.times.join()
                    && found.values.map(spell).join('\\n') === one.values.map((text) => wanted(one, text)).join('\\n');
                if (!same) bad.push(`${index}: ${one.kind}`);
            } catch (error) { bad.push(`${index}: ${error.message}`); }
        });
        // Torn and random bytes: samples or a Malformed, never anything else and never for ever.
        let state = 12345;
        const random = () => { state = (state * 1103515245 + 12345) % 2147483648; return state; };
        for (let turn = 0; turn < 20000; turn += 1) {
            const base = vectors[random() % vectors.length].packed.match(/../g)?.map((hex) => parseInt(hex, 16)) ?? [];
            const bytes = Uint8Array.from(base.slice(0, random() % (base.length + 1)));
            if (bytes.length) bytes[random() % bytes.length] = random() % 256;
            try { unpack(bytes); } catch (error) { if (error.constructor.name !== 'Malformed') bad.push(`torn: ${error}`); }
        }
        return bad;
    }""", vectors := json.load(open(path)))
    check(not bad, f"{len(vectors)} packed blocks read as they were written, 20000 torn ones refused {bad[:3]}")


def main():
    bothy, vector_file = sys.argv[1:3]
    folder = sys.argv[3] if len(sys.argv) > 3 else None
    daemon = Daemon(bothy)
    seen = []
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.set_default_timeout(15_000)
            watch(page, seen)
            sign_in(page, daemon)
            # Without a session the browser logs the 401 that the page asked for.
            seen.clear()
            values_change(page)
            chart(page)
            rename(page)
            keyboard_only(page)
            vectors(page, vector_file)
            accessible(page)
            fits(page, folder)
            check(not seen, f"nothing in the console {seen[:3]}")
            page.set_viewport_size({"width": 1440, "height": 900})
            loss_and_return(page, daemon)
            browser.close()
    except Exception as error:  # What is not there or not in time comes as many kinds of exception.
        failures.append(str(error))
        print("FAIL", error)
    finally:
        print(open(f"{daemon.folder}/log").read()[-1500:] if failures else "")
        daemon.end()
    sys.exit(1 if failures else 0)


main()
