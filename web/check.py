#!/usr/bin/python3
"""Builds the page, opens it in headless Chromium, uses it, and fails where it is not what it should be.

    web/check.py [--photos DIR] [--picture docs/page.png]

Two moons have to reach a held-out NLL below 0.40 nats within 10 s of training (of points as `gaussflow::toy` draws them, with noise 0.05 and not standardised: their entropy is 0.289); log-densities and the weights of
a fit have the bits of this machine; flows and points of files are scored, and what is wrong with one is told; every control has a name, is reached by the keyboard and works; nothing is wider than a phone of 360 pixels;
no error on the console, and no request but for the page's own files. Frames a second while training are printed.

Needs Chromium (or Chrome), its driver and selenium: `apt-get install chromium chromium-driver python3-selenium`.
"""

import argparse
import base64
import functools
import http.server
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import threading
import time

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))
from check_report import browser  # noqa: E402

NLL, SECONDS = 0.40, 10.0
DESKTOP, PHONE = (1280, 1400), (360, 780)
CONTROLS = "density redraw clear table blocks components rate train restart save points grid layer play flow-file score-file".split()

# Of a file of the native library, in base64: the log-densities of the points, and the flow after as many steps.
COMPARE = """
const [flow, points, steps, done] = arguments, bytes = text => Uint8Array.from(atob(text), c => c.charCodeAt(0)), hex = array => btoa(String.fromCharCode(...new Uint8Array(array.buffer)));
(async () => {
    const flows = await import('./flows.js');
    await flows.default({ module_or_path: 'flows_bg.wasm' });
    const logProbs = new flows.View(bytes(flow)).logProbs(new Float32Array(bytes(points).buffer));
    const fit = new flows.Fit(8, 8, flows.draw('two moons', 5000, 1), 1);
    for (let i = 0; i < steps; i++) fit.step(3e-3);
    let least = Infinity;
    const trained = fit.encode();
    for (let i = 0; i < 400; i++) {
        const from = performance.now();
        fit.step(3e-3);
        least = Math.min(least, performance.now() - from);
    }
    return [hex(logProbs), btoa(Array.from(trained, c => String.fromCharCode(c)).join('')), 1000 * least / flows.batch()];
})().then(done, error => done(String(error)));
"""


# Files, each a name and its bytes in base64, dropped on an element.
DROP = """
const [target, files] = arguments, data = new DataTransfer();
for (const [name, text] of files) data.items.add(new File([Uint8Array.from(atob(text), c => c.charCodeAt(0))], name));
target.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
"""


class Page:
    """The page in a browser, and what was found wrong with it."""

    def __init__(self, driver):
        self.driver, self.wrong = driver, []

    def __getitem__(self, name):
        return self.driver.find_element(By.ID, name)

    def text(self, name):
        return self[name].text.strip()

    def number(self, name):
        try:
            return float(self.text(name).replace(",", "").replace("−", "-"))
        except ValueError:
            return float("nan")

    def expect(self, holds, words):
        if not holds:
            self.wrong.append(words)

    def wait(self, holds, words, seconds=20.0):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if holds():
                return
            time.sleep(0.05)
        self.wrong.append(f"{words}: not within {seconds:.0f} s")

    def photo(self, path):
        height = self.driver.execute_script("return document.documentElement.scrollHeight")
        width = self.driver.get_window_size()["width"]
        shot = self.driver.execute_cdp_cmd(
            "Page.captureScreenshot", {"captureBeyondViewport": True, "clip": {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}}
        )
        path.write_bytes(base64.b64decode(shot["data"]))


def serve(directory):
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def end_headers(self):
            # A page that stands by itself has a clock of 5 us, others one of 100.
            self.send_header("Cross-Origin-Opener-Policy", "same-origin")
            self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
            super().end_headers()

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=directory))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/"


def trains(page, phase):
    """Two moons, from the start."""
    page["train"].click()
    least, rates = float("inf"), []

    def below():
        nonlocal least
        nll = page.number("nll")
        least = min(least, nll) if nll == nll else least
        return least < NLL

    while page.number("seconds") < SECONDS and not below():
        page.expect(not page["status"].get_attribute("class"), f"training: {page.text('status')}")
        time.sleep(0.05)
    if not below():
        # The last flow may not have been looked at yet.
        page["train"].click()
        page.wait(below, f"a held-out NLL below {NLL} after {SECONDS} s of training")
        page["train"].click()
    print(f"{phase}: held-out NLL {least:.3f} after {page.text('seconds')} s of steps")
    while len(rates) < 4:
        time.sleep(1.1)
        rates.append((page.number("frames"), page.number("pictures")))
    frames, pictures = (sum(rate) / len(rates) for rate in zip(*rates[1:]))
    print(f"{phase}: {frames:.0f} frames a second while training, {pictures:.0f} pictures of the flow, {page.text('speed')} points")
    print(f"{phase}: held-out NLL {page.text('nll')} after {page.text('seconds')} s of steps, truth {page.text('truth')}, mixture {page.text('mixture')}")


def same_bits(page, native):
    coded = [base64.b64encode((native / name).read_bytes()).decode() for name in ("flow.bin", "points.f32")]
    found = page.driver.execute_async_script(COMPARE, *coded, 50)
    if isinstance(found, str):
        page.wrong.append(f"comparison: {found}")
        return
    log_probs, flow = (base64.b64decode(text) for text in found[:2])
    expected = (native / "log_probs.f32").read_bytes()
    count = len(expected) // 4
    same = sum(log_probs[4 * i : 4 * i + 4] == expected[4 * i : 4 * i + 4] for i in range(count))
    print(f"log_prob: the same bits as the native library's at {same} of {count} points")
    page.expect(count == 1000 and len(log_probs) == len(expected) and same == count, f"other bits at {count - same} of {count} points")
    page.expect(flow == (native / "flow.bin").read_bytes(), "a fit of 50 steps has other bits than natively")
    print(f"a step, in the browser            {found[2]:.2f} us a point")


def scores(page, native, photos):
    """A flow and points from files, and files that are not right."""
    points = struct.unpack("<40f", (native / "points.f32").read_bytes()[:160])
    expected = struct.unpack("<20f", (native / "log_probs.f32").read_bytes()[:80])
    good, bad, broken = native / "points.csv", native / "bad.csv", native / "broken.bin"
    good.write_text('"a, b",y\r\n' + "".join(f"{x!r},{y!r}\r\n" for x, y in zip(points[::2], points[1::2])))
    bad.write_text("x,y\n1,2\n3,oops\n")
    flow = bytearray((native / "flow.bin").read_bytes())
    flow[100] ^= 1
    broken.write_bytes(flow)
    said = lambda words: lambda: words in page.text("score-status")  # noqa: E731
    page["flow-file"].send_keys(str(native / "flow.bin"))
    page.wait(said("8 blocks, 8 components"), "flow.bin is opened")
    page["score-file"].send_keys(str(good))
    page.wait(said("20 rows scored"), "a file is scored")
    csv = page.driver.execute_async_script("fetch(document.getElementById('scores').href).then(file => file.text()).then(arguments[0])")
    lines = csv.splitlines()
    rows = [[struct.unpack("<f", struct.pack("<f", float(cell)))[0] for cell in line.split(",")] for line in lines[1:]]
    page.expect(lines[0] == '"a, b",y,log_prob', f"names of the scores: {lines[0]}")
    page.expect(rows == [list(row) for row in zip(points[::2], points[1::2], expected)], "the scores are not those of the native library")
    time.sleep(1.2)
    page.photo(photos / "scored.png")
    for box, path, words in [
        ("score-file", bad, "line 3, column 2: “oops” is not a finite number"),
        ("flow-file", broken, "the bytes are corrupted: the checksum does not fit"),
        ("flow-file", good, "the bytes are not those of an encoded flow"),
    ]:
        page[box].send_keys(str(path))
        page.wait(said(words), f"`{words}` is said")
    files = [(path.name, base64.b64encode(path.read_bytes()).decode()) for path in (good, native / "flow.bin")]
    page.driver.execute_script(DROP, page["score"], files)
    page.wait(said("20 rows scored"), "files that are dropped are scored")
    rows = "".join(f"{x},{y}\n" for x in range(10) for y in range(10))
    page.driver.execute_script(DROP, page["points"], [("grid.csv", base64.b64encode(rows.encode()).decode())])
    page.wait(lambda: page.text("points-text").startswith("80 to train on, 20 held out"), "a file that is dropped is trained on")
    print("scores: 20 rows as the native library, 3 wrong files named, files dropped")


def keyboard(page):
    """Every control has a name, is reached by the tabulator, and does what it says."""
    active = lambda: page.driver.switch_to.active_element  # noqa: E731
    press = lambda *keys: ActionChains(page.driver).send_keys(*keys).perform()  # noqa: E731
    reached = []
    for _ in range(3 * len(CONTROLS)):
        press(Keys.TAB)
        name = active().get_attribute("id")
        # Past the last one comes the page itself, then the first.
        if not name:
            continue
        if name in reached:
            break
        reached.append(name)
        page.expect(active().accessible_name, f"`{name}` has no name")
    missing = set(CONTROLS) - set(reached)
    page.expect(not missing, f"not reached by the tabulator: {missing}")

    def at(name):
        page.driver.execute_script("arguments[0].focus()", page[name])

    for name, key, attribute in [("blocks", Keys.ARROW_RIGHT, "8 blocks"), ("components", Keys.ARROW_LEFT, "2 components"), ("rate", Keys.ARROW_RIGHT, "0.0040")]:
        at(name)
        press(key)
        page.wait(lambda: page[name].get_attribute("aria-valuetext") == attribute, f"`{name}` says {attribute}, not {page[name].get_attribute('aria-valuetext')}")
    at("train")
    press(Keys.SPACE)
    page.wait(lambda: page.text("train") == "Pause" and page.number("steps") > 0, "the keyboard trains")
    at("points")
    before = page.text("points-text")
    press(Keys.ARROW_UP, Keys.ARROW_UP, Keys.ARROW_LEFT, Keys.SPACE)
    page.wait(lambda: page.text("points-text") != before, "the keyboard brushes")
    at("play")
    press(Keys.ENTER)
    page.wait(lambda: float(page["layer"].get_attribute("value")) > 1, "the layers play")
    at("layer")
    press(Keys.HOME)
    page.wait(lambda: float(page["layer"].get_attribute("value")) == 0, "the first layer is shown")
    at("grid")
    press(Keys.SPACE)
    page.expect(not page["grid"].is_selected(), "the grid is switched off")
    press(Keys.SPACE)
    at("restart")
    press(Keys.ENTER)
    page.wait(lambda: page.number("steps") < 200, "the fit starts again")
    at("density")
    press("p")
    page.wait(lambda: page["density"].get_attribute("value") == "pinwheel" and page.text("truth") == "–", "another density")
    at("train")
    press(Keys.SPACE)
    page.wait(lambda: page.text("train") == "Train", "the keyboard pauses")
    at("clear")
    press(Keys.ENTER)
    page.wait(lambda: page.number_of_points() == 0, "the points are cleared")
    print(f"keyboard: {len(reached)} controls reached and named")


def mouse(page):
    """Draws a ring of points, and trains on it."""
    canvas = page["points"]
    page.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", canvas)
    size = canvas.size["width"]
    hand = ActionChains(page.driver, duration=20).move_to_element(canvas).move_by_offset(int(0.3 * size), 0).click_and_hold()
    corners = [(0.3, 0), (0.21, 0.21), (0, 0.3), (-0.21, 0.21), (-0.3, 0), (-0.21, -0.21), (0, -0.3), (0.21, -0.21), (0.3, 0)]
    for (x0, y0), (x1, y1) in zip(corners, corners[1:]):
        for _ in range(4):
            hand.move_by_offset(round((x1 - x0) / 4 * size), round((y1 - y0) / 4 * size))
    hand.release().perform()
    page.wait(lambda: page.number_of_points() > 100, "the mouse brushes")
    page["train"].click()
    page.wait(lambda: page.number("nll") < 3.0, "the flow follows what was drawn")
    print(f"mouse: {page.number_of_points()} points drawn, held-out NLL {page.text('nll')}")


Page.number_of_points = lambda page: int(page.text("points-text").split()[0].replace(",", ""))


def quiet(page, address, files):
    """No message on the console, no request but for the page's own files."""
    for entry in page.driver.get_log("browser"):
        page.wrong.append(f"console: {entry['level']}: {entry['message']}")
    for entry in page.driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            wanted = message["params"]["request"]["url"]
            own = wanted == address or wanted.removeprefix(address) in files
            page.expect(own or wanted.startswith(("blob:", "data:")), f"request: {wanted}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=pathlib.Path, help="where photographs of the page go, for a person to look at")
    parser.add_argument("--picture", type=pathlib.Path, help="where the picture for the README goes")
    arguments = parser.parse_args()
    built = subprocess.run([ROOT / "web/run", "--build"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    photos = arguments.photos or pathlib.Path(built).parent / "photos"
    photos.mkdir(parents=True, exist_ok=True)
    files = {path.name for path in pathlib.Path(built).iterdir()}
    with tempfile.TemporaryDirectory() as native:
        native = pathlib.Path(native)
        subprocess.run(["cargo", "run", "--quiet", "--release", "--locked", "--example", "expect", "--", native], cwd=ROOT / "web", check=True)
        address = serve(built)
        driver = browser("{},{}".format(*DESKTOP))
        page = Page(driver)
        try:
            driver.get(address)
            page.wait(lambda: driver.execute_script("return document.documentElement.dataset.ready") == "yes", "the page is ready")
            trains(page, "two moons")
            driver.execute_script("arguments[0].value = 5; arguments[0].dispatchEvent(new Event('input'))", page["layer"])
            time.sleep(1.2)
            page.photo(photos / "desktop.png")
            if arguments.picture:
                picture(page, arguments.picture)
            same_bits(page, native)
            driver.set_window_size(*PHONE)
            driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": PHONE[0], "height": PHONE[1], "deviceScaleFactor": 1, "mobile": True})
            driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]})
            time.sleep(1.5)
            wide = driver.execute_script("return [...document.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.id || e.tagName)")
            page.expect(not wide, f"wider than {PHONE[0]} pixels: {wide}")
            page.photo(photos / "phone.png")
            driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
            driver.set_window_size(*DESKTOP)
            page["train"].click()
            keyboard(page)
            mouse(page)
            time.sleep(3)
            driver.execute_script("scrollTo(0, 0)")
            page.photo(photos / "drawn.png")
            scores(page, native, photos)
            quiet(page, address, files)
        finally:
            driver.quit()
    print(f"photographs in {photos}")
    for line in page.wrong:
        print(line, file=sys.stderr)
    sys.exit(1 if page.wrong else 0)


def picture(page, path):
    """The pictures of the page, without the rest."""
    box = page.driver.execute_script(
        "const {x, y, width, height} = document.getElementById('panels').getBoundingClientRect(); return {x: x - 10 + scrollX, y: y - 10 + scrollY, width: width + 20, height: height + 20, scale: 1}"
    )
    shot = page.driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": box})
    path.write_bytes(base64.b64decode(shot["data"]))
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
