//! How the page looks: nothing that axe finds serious, nothing too wide for a
//! phone, and the pictures of the README.

use std::path::Path;

use serde_json::Value;

use crate::simulator::browser::{DESKTOP, PHONE, Window};
use crate::simulator::page::{approve, ask, be_bob, choose, visit};

const AXE: &str = include_str!("../../vendor/axe-core/axe.min.js");

/// Looks at the page in all four ways it is seen; leaves it as on a desktop.
pub async fn is_fine(window: &Window, what: &str) {
    let loaded = window.value(&format!("(() => {{ if (!window.axe) {{ {AXE} }} return typeof axe; }})()")).await;
    assert_eq!(loaded, "object");
    for (size, place) in [(DESKTOP, "desktop"), (PHONE, "phone")] {
        window.resize(size).await;
        for scheme in ["light", "dark"] {
            window.colours(scheme).await;
            let found =
                window.value("axe.run(document, { resultTypes: ['violations'] }).then((it) => it.violations)").await;
            let bad: Vec<String> = found
                .as_array()
                .into_iter()
                .flatten()
                .filter(|it| ["serious", "critical"].contains(&it["impact"].as_str().unwrap_or_default()))
                .map(|it| {
                    let nodes = it["nodes"].as_array().into_iter().flatten();
                    let nodes: Vec<&Value> = nodes.flat_map(|node| [&node["html"], &node["failureSummary"]]).collect();
                    format!("{}: {nodes:?}", it["help"])
                })
                .collect();
            assert!(bad.is_empty(), "{what}, {place}, {scheme}: {bad:#?}");
        }
        let wide = window.value("[document.documentElement.scrollWidth, innerWidth]").await;
        assert!(wide[0].as_i64() <= wide[1].as_i64(), "{what} is wider than the {place}: {wide}");
    }
    window.resize(DESKTOP).await;
}

#[test]
fn nothing_serious_is_wrong_for_anybody() {
    visit(None, async |_, window| {
        window.click(".switches button:nth-child(3)").await;
        window.wait("document.querySelector('.tour')").await;
        is_fine(window, "the tour").await;
        window.click(".tour footer button").await;

        window.click("[aria-label='Start a command']").await;
        is_fine(window, "the hint at the command").await;
        window.click("[aria-label=Send]").await;
        window.click("dialog.modal [type=submit]").await;
        window.wait("document.querySelector('dialog .error')").await;
        is_fine(window, "the form with errors").await;
        window.click("dialog.modal [aria-label=Close]").await;

        ask(window, "looks").await;
        is_fine(window, "the channel").await;
        be_bob(window).await;
        window.click("[data-action=region]").await;
        is_fine(window, "the direct message with a menu").await;
        window.press("Escape").await;
        approve(window).await;
        window.click("[data-user=U0AUTHORIZER] [data-place=C0DEPLOYS01]").await;
        window.click("[data-user=U0AUTHORIZER] .replies").await;
        window.wait("/provisioned/i.test(document.querySelector('.thread')?.innerText)").await;
        is_fine(window, "the thread").await;
        window.click("[data-switch=panel]").await;
        for tab in ["workflow", "resources", "traffic", "plugs"] {
            window.click(&format!("[data-tab={tab}]")).await;
            is_fine(window, tab).await;
        }
    });
}

/// Makes the pictures of the README, but for that of a plan, which `page_stacks` makes:
/// `cargo test --test it pictures -- --ignored`.
#[test]
#[ignore = "writes docs/*.png"]
fn pictures() {
    visit(None, async |_, window| {
        window.click("[aria-label='Start a command']").await;
        window.type_text("checkout").await;
        window.click("[aria-label=Send]").await;
        choose(window, "team", "payments").await;
        choose(window, "authorizer", "U0AUTHORIZER").await;
        choose(window, "blueprint", "bucket").await;
        window.click("[data-action=justification]").await;
        window.type_text("Landing page for the spring launch").await;
        both(window, "modal").await;
        window.click("dialog.modal [type=submit]").await;
        window.wait("!document.querySelector('dialog.modal')").await;
        be_bob(window).await;
        choose(window, "region", "us-east-1").await;
        choose(window, "profile", "sandbox").await;
        both(window, "dm").await;
        window.click("[data-action=approve]").await;
        window.click("[data-person=U0REQUESTER]").await;
        window.click("[data-user=U0REQUESTER] .replies").await;
        window.wait("/provisioned/i.test(document.querySelector('.thread')?.innerText)").await;
        both(window, "thread").await;
        window.click("[data-switch=panel]").await;
        window.click("[data-tab=resources]").await;
        window.wait_for("index.html").await;
        save(window, "underneath-desktop").await;
    });
}

async fn both(window: &Window, name: &str) {
    window.resize(PHONE).await;
    save(window, &format!("{name}-phone")).await;
    window.resize(DESKTOP).await;
    save(window, &format!("{name}-desktop")).await;
}

pub async fn save(window: &Window, name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(format!("{name}.png"));
    std::fs::write(path, window.picture().await).unwrap();
}
