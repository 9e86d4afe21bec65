"""Makes docs/images from the running dashboard: `python -m tests.browser.screenshots`.

The pictures show whatever font the machine has; those in the repository were taken with Inter.
"""

import io
import random
import re
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, FloatRect, Page, Route, ViewportSize, expect

from cli.traffic import CAMPAIGNS, pauses, remember
from tests.browser.conftest import ROOT, Cloud, Tab, User, running_chromium, running_cloud

IMAGES = ROOT / "docs" / "images"
LINK = "launch-week"
SHORT_ADDRESS = "https://go.example.com"
"""In place of the local cloud's, which is long and never the same."""
WIDE = ViewportSize(width=1280, height=860)
NARROW = ViewportSize(width=360, height=740)
SECONDS_OF_TRAFFIC = 45
ANIMATED = (806, 806)
FRAMES = 60
FRAME_MS = 70


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    with running_cloud() as cloud, running_chromium() as browser:
        user = cloud.user("ada@example.com")
        for campaign in CAMPAIGNS:
            user.link(campaign.alias, campaign.target)
            remember(cloud.stack, campaign)
        settle(user)
        tab = opened(browser, cloud, color_scheme="light")
        sign_in(tab)
        page = tab.sign_in(user, f"/links/{LINK}")
        expect(page.locator(".status")).to_have_text("Live")
        with clicks_on(cloud, LINK):
            time.sleep(SECONDS_OF_TRAFFIC)
            shoot(page, "link")
            animate(page)
            page.emulate_media(color_scheme="dark")
            time.sleep(2)
            shoot(page, "link-dark")
            page.set_viewport_size(NARROW)
            page.emulate_media(color_scheme="light")
            time.sleep(2)
            shoot(page, "narrow")
            page.set_viewport_size(WIDE)
            page.goto(f"{cloud.origin}/")
            expect(page.locator("li.link")).to_have_count(len(CAMPAIGNS))
            time.sleep(2)
            shoot(page, "links")
            public = opened(browser, cloud, viewport={"width": 960, "height": 540})
            public.open(f"/watch/{LINK}")
            time.sleep(SECONDS_OF_TRAFFIC / 2)
            shoot(public.page, "public")
        offline(tab, page)


def opened(browser: Browser, cloud: Cloud, **options: object) -> Tab:
    settings: dict[str, object] = {"viewport": WIDE, "device_scale_factor": 1.5} | options
    context = browser.new_context(**settings)  # pyright: ignore[reportArgumentType] - the options differ in type

    def rename(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(
            response=answer, body=answer.text().replace(cloud.api_url + "/", SHORT_ADDRESS + "/")
        )

    context.route(re.compile(r"execute-api/[^/]+/links"), rename)
    return Tab(cloud, context)


def settle(user: User) -> None:
    """Until the past of the last link has been counted."""
    while user.clicks(CAMPAIGNS[-1].alias) < 100:
        time.sleep(0.5)
    time.sleep(3)


def sign_in(tab: Tab) -> None:
    page = tab.open("/")
    page.get_by_label("Email").fill("ada@example.com")
    shoot(page, "sign-in")


def offline(tab: Tab, page: Page) -> None:
    page.goto(f"{tab.cloud.origin}/links/{LINK}")
    expect(page.locator(".status")).to_have_text("Live")
    tab.context.set_offline(True)
    expect(page.locator("#banner")).to_be_visible()
    shoot(page, "offline")


@contextmanager
def clicks_on(cloud: Cloud, code: str) -> Generator[None]:
    ended = threading.Event()

    def visit() -> None:
        for pause in pauses(random.Random(7), 1.0):  # noqa: S311 - the same visitors each time
            if ended.wait(min(pause, 1.5)):
                return
            cloud.click(code)

    visitors = threading.Thread(target=visit)
    visitors.start()
    yield
    ended.set()
    visitors.join()


def shoot(page: Page, name: str) -> None:
    page.screenshot(path=IMAGES / f"{name}.png")


def animate(page: Page) -> None:
    """The stage of a link while it is clicked on, at about the pace at which it happened."""
    box = page.locator(".stage").bounding_box()
    assert box is not None
    clip = FloatRect(x=box["x"], y=box["y"], width=box["width"], height=box["height"])
    frames: list[Image.Image] = []
    started = time.monotonic()
    for number in range(FRAMES):
        taken = Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("RGB")
        taken.thumbnail(ANIMATED)
        frames.append(taken)
        page.wait_for_timeout(max(0, FRAME_MS * (number + 1) - (time.monotonic() - started) * 1000))
    taken_ms = (time.monotonic() - started) * 1000
    path: Path = IMAGES / "jump.webp"
    frames[0].save(
        path,
        save_all=True,
        append_images=frames[1:],
        duration=round(taken_ms / FRAMES),
        loop=0,
        quality=72,
        method=6,
    )


if __name__ == "__main__":
    main()
