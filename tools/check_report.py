#!/usr/bin/python3
"""Opens a report in headless Chromium, without network, and fails if the page or a figure of it is broken.

    tools/check_report.py [REPORT.html] [--screenshots DIR]

Without a file, the main job writes one first, with few epochs. Broken is: a message or an error on the console, a request for anything but the page itself, no figure, a figure without
size or wider than the page, or text that sticks out of its figure. A picture of each figure goes to target/check_report (or DIR), for a person to look at.

Needs Chromium (or Chrome), its driver and selenium: `apt-get install chromium chromium-driver python3-selenium`.
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

ROOT = pathlib.Path(__file__).resolve().parents[1]
# Rounding of positions, in pixels.
SLACK = 1.0

# Of a figure: its size, that of the page, and the texts that stick out, none of which a person could read in whole.
MEASURE = """
const figure = arguments[0], svg = figure.querySelector('svg'), slack = arguments[1];
const box = svg ? svg.getBoundingClientRect() : {width: 0, height: 0};
const out = svg ? [...svg.querySelectorAll('text')].filter(text => {
    const t = text.getBoundingClientRect();
    return t.left < box.left - slack || t.right > box.right + slack || t.top < box.top - slack || t.bottom > box.bottom + slack;
}) : [];
return {width: box.width, height: box.height, page: document.documentElement.clientWidth, out: out.map(text => text.textContent.trim())};
"""


def browser(size="1200,1600"):
    """Headless Chromium, which reaches no address but this machine's own."""
    options = webdriver.ChromeOptions()
    options.binary_location = next(filter(None, map(shutil.which, ["chromium", "google-chrome", "chrome"])), "")
    for word in ["--headless=new", "--no-sandbox", "--disable-gpu", f"--window-size={size}", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]:
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(service=Service(shutil.which("chromedriver") or "chromedriver"), options=options)


def problems(driver, report, screenshots):
    """What is wrong, a line each."""
    address = report.resolve().as_uri()
    driver.get(address)
    figures = driver.find_elements(By.TAG_NAME, "figure")
    if not figures:
        yield "no figure"
    for number, figure in enumerate(figures, 1):
        name = figure.get_attribute("id") or str(number)
        found = driver.execute_script(MEASURE, figure, SLACK)
        if not found["width"] > 0 or not found["height"] > 0:
            yield f"figure {name}: {found['width']} x {found['height']} pixels"
            continue
        if found["width"] > found["page"]:
            yield f"figure {name}: {found['width']} pixels wide on a page of {found['page']}"
        for text in found["out"]:
            yield f"figure {name}: the text `{text}` sticks out"
        figure.screenshot(str(screenshots / f"{number:02}_{name}.png"))
    for entry in driver.get_log("browser"):
        yield f"console: {entry['level']}: {entry['message']}"
    for entry in driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            wanted = message["params"]["request"]["url"]
            if wanted != address and not wanted.startswith("data:"):
                yield f"request: {wanted}"
        elif message["method"] == "Network.loadingFailed":
            yield f"failed request: {message['params']['errorText']}"
    print(f"{report}: {len(figures)} figures, pictures in {screenshots}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("report", nargs="?", type=pathlib.Path, help="the page (default: one that the main job writes)")
    parser.add_argument("--screenshots", type=pathlib.Path, default=ROOT / "target" / "check_report", help="where pictures go")
    arguments = parser.parse_args()
    arguments.screenshots.mkdir(parents=True, exist_ok=True)
    report = arguments.report
    if report is None:
        command = ["cargo", "run", "--quiet", "--release", "--example", "coupling_flow", "--", "--epochs", "2", "--out", arguments.screenshots]
        subprocess.run(command, cwd=ROOT, check=True)
        report = arguments.screenshots / "report.html"
    if not report.is_file():
        parser.error(f"{report}: no such file")
    driver = browser()
    try:
        found = list(problems(driver, report, arguments.screenshots))
    finally:
        driver.quit()
    for line in found:
        print(line, file=sys.stderr)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
