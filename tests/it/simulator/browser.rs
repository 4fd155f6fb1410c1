//! Chromium, driven like a person does: it looks for what is on the page, clicks
//! where that is, and presses keys.

use std::time::Duration;

use chromiumoxide::cdp::browser_protocol::emulation::{MediaFeature, SetDeviceMetricsOverrideParams};
use chromiumoxide::cdp::browser_protocol::page::CaptureScreenshotFormat;
use chromiumoxide::layout::Point;
use chromiumoxide::page::ScreenshotParams;
use chromiumoxide::{Browser, BrowserConfig, Page};
use futures::StreamExt;
use serde_json::Value;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::world::LOOK_AGAIN;

/// The machine may be busy, and a dead worker is missed after ten seconds.
const PATIENCE: Duration = Duration::from_secs(60);
/// Where to click an element, if it can be clicked now.
const MIDDLE: &str = "(selector) => {
    const node = document.querySelector(selector);
    if (!node || node.closest('[aria-disabled=true]')) return null;
    node.scrollIntoView({ block: 'nearest' });
    const box = node.getBoundingClientRect();
    const at = [box.x + box.width / 2, box.y + box.height / 2];
    return node.contains(document.elementFromPoint(...at)) ? at : null;
}";
/// The same, and until `wasClicked` is asked nothing else can be clicked. What goes
/// as soon as it is pressed, as an option does, counts as clicked.
const AIM: &str = "(selector, middle) => {
    const node = document.querySelector(selector);
    const kinds = ['pointerdown', 'mousedown', 'pointerup', 'mouseup', 'click'];
    let pressed = false, clicked = false;
    const guard = (event) => {
        if (!node?.contains(event.target)) { event.stopImmediatePropagation(); event.preventDefault(); }
        else if (event.type === 'mousedown') pressed = true;
        else if (event.type === 'click') clicked = true;
    };
    kinds.forEach((kind) => window.addEventListener(kind, guard, true));
    window.wasClicked = () => {
        kinds.forEach((kind) => window.removeEventListener(kind, guard, true));
        delete window.wasClicked;
        return clicked || (pressed && !node.isConnected);
    };
    return middle(selector);
}";
pub const DESKTOP: (i64, i64) = (1280, 800);
pub const PHONE: (i64, i64) = (390, 844);

/// A browser with one page.
pub struct Window {
    page: Page,
    browser: Browser,
    handler: JoinHandle<()>,
    _profile: TempDir,
}

impl Window {
    /// Opens an address in a browser that knows nothing of earlier ones.
    pub async fn open(url: &str, (width, height): (i64, i64)) -> Self {
        let profile = tempfile::tempdir().unwrap();
        // Without the sandbox, which root may not have; the page is our own.
        let config = BrowserConfig::builder()
            .no_sandbox()
            .new_headless_mode()
            .user_data_dir(profile.path())
            .launch_timeout(PATIENCE)
            .request_timeout(PATIENCE)
            .viewport(None)
            .build()
            .unwrap();
        let (browser, mut handler) = Browser::launch(config).await.expect("Chromium, as `.ci/run` installs it");
        let handler = tokio::spawn(async move { while handler.next().await.is_some() {} });
        let page = browser.new_page("about:blank").await.unwrap();
        let this = Self { page, browser, handler, _profile: profile };
        this.resize((width, height)).await;
        this.page.goto(url).await.unwrap();
        this.wait("document.querySelector('.workspace')").await;
        this
    }

    pub async fn close(mut self) {
        self.browser.close().await.unwrap();
        self.browser.wait().await.unwrap();
        self.handler.abort();
    }

    pub async fn resize(&self, (width, height): (i64, i64)) {
        let metrics = SetDeviceMetricsOverrideParams::new(width, height, 1.0, width < 600);
        self.page.execute(metrics).await.unwrap();
    }

    /// What the operating system prefers: `light` or `dark`.
    pub async fn colours(&self, scheme: &str) {
        let feature = MediaFeature { name: "prefers-color-scheme".into(), value: scheme.into() };
        self.page.emulate_media_features(vec![feature]).await.unwrap();
    }

    /// The value of an expression; promises are awaited.
    pub async fn value(&self, expression: &str) -> Value {
        let evaluated = self.page.evaluate_function(format!("async () => ({expression})")).await;
        evaluated.unwrap_or_else(|error| panic!("{expression}: {error}")).value().cloned().unwrap_or_default()
    }

    /// Waits until the expression is true.
    pub async fn wait(&self, expression: &str) {
        let deadline = Instant::now() + PATIENCE;
        while self.value(&format!("Boolean({expression})")).await != true {
            if Instant::now() > deadline {
                let shown =
                    self.value("document.body.innerText + ' | focus: ' + document.activeElement.outerHTML").await;
                panic!("waited in vain for {expression}; the page shows:\n{}", shown.as_str().unwrap_or_default());
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    /// Waits until the text is on the page.
    pub async fn wait_for(&self, text: &str) {
        self.wait(&format!("document.body.innerText.includes({text:?})")).await;
    }

    /// Waits for an element that is not busy and stands still, and clicks into its middle.
    ///
    /// The page goes on by itself, so the element may move just before the click
    /// arrives: then nothing is clicked, and it is looked for again.
    pub async fn click(&self, selector: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.wait(&format!("({MIDDLE})({selector:?})")).await;
            let at = self.value(&format!("({AIM})({selector:?}, {MIDDLE})")).await;
            if let (Some(x), Some(y)) = (at[0].as_f64(), at[1].as_f64()) {
                self.page.click(Point::new(x, y)).await.unwrap();
            }
            if self.value("window.wasClicked?.() ?? false").await == true {
                return;
            }
            assert!(Instant::now() < deadline, "{selector} never stood still");
        }
    }

    /// Types into whatever has the focus.
    pub async fn type_text(&self, text: &str) {
        self.page.find_element("body").await.unwrap().type_str(text).await.unwrap();
    }

    /// Presses a key, such as `Tab`.
    pub async fn press(&self, key: &str) {
        self.page.find_element("body").await.unwrap().press_key(key).await.unwrap();
    }

    /// Presses Tab until what has the focus matches the selector.
    pub async fn tab_to(&self, selector: &str) {
        self.wait(&format!("document.querySelector({selector:?})")).await;
        for _ in 0..80 {
            if self.value(&format!("document.activeElement.matches({selector:?})")).await == true {
                return;
            }
            self.press("Tab").await;
        }
        panic!("the keyboard does not get to {selector}");
    }

    /// A picture of what is seen, as PNG.
    pub async fn picture(&self) -> Vec<u8> {
        let params = ScreenshotParams::builder().format(CaptureScreenshotFormat::Png).build();
        self.page.screenshot(params).await.unwrap()
    }
}
