//! A site on the demo's page, in a real browser: asked for by its fields, planned, approved and
//! built as a stack, which is shown underneath; on a desk and on a phone.

use harness::show::Show;
use slack_simulator::Message;

use crate::simulator::browser::{DESKTOP, PHONE, Window};
use crate::simulator::page::{be_bob, choose, fill_in, visit};
use crate::simulator::page_looks::{is_fine, save};

/// Alice asks Bob for a site, by mouse.
pub async fn ask_for_a_site(window: &Window, application: &str, domain: &str) {
    fill_in(window, application, "site").await;
    window.click("[data-action=field-domain]").await;
    window.type_text(domain).await;
    window.click("dialog.modal [type=submit]").await;
    window.wait("!document.querySelector('dialog.modal')").await;
}

/// Bob chooses where, and is shown the plan.
pub async fn plan(window: &Window) {
    choose(window, "region", "us-east-1").await;
    choose(window, "profile", "sandbox").await;
    window.click("[data-action=plan]").await;
    window.wait("document.querySelector('[data-user=U0AUTHORIZER] [data-action=approve]')").await;
}

/// Makes the pictures of the README that have a plan on them:
/// `cargo test --test it pictures -- --ignored`.
#[test]
#[ignore = "writes docs/*.png"]
fn pictures() {
    visit(None, async |_, window| {
        ask_for_a_site(window, "checkout", "checkout.example.com").await;
        be_bob(window).await;
        // The whole card fits.
        window.resize((DESKTOP.0, 900)).await;
        plan(window).await;
        save(window, "plan-desktop").await;
        window.resize(PHONE).await;
        save(window, "plan-phone").await;
        window.resize(DESKTOP).await;
    });
}

/// Waits until the stack on the page is in this state.
async fn stack_is(window: &Window, state: &str) {
    window.wait(&format!("document.querySelector('[data-resource=stack] [data-status={state}]')")).await;
}

/// What the channel was told of a request, as Alice reads it.
async fn told(show: &Show, application: &str) -> String {
    let alice = show.slack.person("U0REQUESTER");
    let root = |message: &Message| message.thread_ts.is_none() && message.says(application);
    let root = alice.wait_for("C0DEPLOYS01", root).await.unwrap();
    alice.wait_for_in_thread("C0DEPLOYS01", &root.ts, |message| message.says("provisioned")).await.unwrap().plain()
}

#[test]
fn a_site_by_mouse_from_its_fields_to_the_stack() {
    visit(None, async |show, window| {
        window.click("[data-switch=panel]").await;
        // The form asks for what the blueprint wants, once that is chosen.
        fill_in(window, "shop", "site").await;
        window.wait("document.querySelector('dialog [data-action=field-domain]')").await;
        window.click("[data-action=field-domain]").await;
        window.type_text("Shop").await;
        window.click("dialog.modal [type=submit]").await;
        window.wait("document.querySelector('dialog .error')").await;
        for _ in 0.."Shop".len() {
            window.press("Backspace").await;
        }
        window.click("[data-action=field-domain]").await;
        window.type_text("shop.example.com").await;
        window.click("dialog.modal [type=submit]").await;
        window.wait("!document.querySelector('dialog.modal')").await;

        // What is planned is there as a stack, of which nothing is made.
        be_bob(window).await;
        window.click("[data-tab=resources]").await;
        window.wait_for("There is nothing before somebody approves").await;
        plan(window).await;
        window
            .wait("document.querySelector('[data-user=U0AUTHORIZER]').innerText.includes('AWS::S3::BucketPolicy')")
            .await;
        stack_is(window, "REVIEW_IN_PROGRESS").await;
        window.click("[data-user=U0AUTHORIZER] [data-action=approve]").await;
        stack_is(window, "CREATE_COMPLETE").await;
        let seen = window.value("document.querySelector('[data-resource=stack]').innerText").await;
        for words in ["app-shop-payments-", "AWS::S3::Bucket", "AWS::S3::BucketPolicy", "shop.example.com", "Domain"] {
            assert!(seen.as_str().unwrap().contains(words), "{words}: {seen}");
        }
        let said = told(show, "shop").await;
        assert!(said.contains("http://shop.example.com"), "{said}");
        is_fine(window, "the stack").await;

        // Beside it a bucket, as before.
        window.click("[data-user=U0AUTHORIZER] [data-place=C0DEPLOYS01]").await;
        crate::simulator::page::ask(window, "plain").await;
        be_bob(window).await;
        choose(window, "region", "us-east-1").await;
        choose(window, "profile", "sandbox").await;
        window.click("[data-user=U0AUTHORIZER] [data-action=approve]").await;
        window.wait("document.querySelector('[data-resource=bucket]')?.innerText.includes('index.html')").await;
    });
}

#[test]
fn both_as_one_request_by_mouse() {
    visit(None, async |show, window| {
        window.click("[data-switch=panel]").await;
        fill_in(window, "boutique", "shop").await;
        window.click("[data-action=field-domain]").await;
        window.type_text("boutique.example.com").await;
        window.click("dialog.modal [type=submit]").await;
        window.wait("!document.querySelector('dialog.modal')").await;
        be_bob(window).await;
        window.click("[data-tab=resources]").await;
        plan(window).await;
        let card = window.value("document.querySelector('[data-user=U0AUTHORIZER]').innerText").await;
        for words in ["files (Bucket), site (Static site)", "site: AWS::S3::BucketPolicy"] {
            assert!(card.as_str().unwrap().contains(words), "{words}: {card}");
        }
        window.click("[data-user=U0AUTHORIZER] [data-action=approve]").await;
        stack_is(window, "CREATE_COMPLETE").await;
        window.wait("document.querySelector('[data-resource=bucket]')?.innerText.includes('index.html')").await;
        let said = told(show, "boutique").await;
        for words in ["files bucket", "-files", "http://boutique.example.com"] {
            assert!(said.contains(words), "{words}: {said}");
        }
        is_fine(window, "both").await;
    });
}

#[test]
fn a_stack_is_looked_at_on_a_phone() {
    visit(None, async |_, window| {
        window.resize(PHONE).await;
        ask_for_a_site(window, "small", "small.example.com").await;
        window.click("[data-person=U0AUTHORIZER]").await;
        window.click("[data-user=U0AUTHORIZER] .menu").await;
        window.click("[data-user=U0AUTHORIZER] [data-place=dm]").await;
        plan(window).await;
        window.click("[data-user=U0AUTHORIZER] [data-action=approve]").await;
        window.click("[data-switch=panel]").await;
        window.click("[data-tab=resources]").await;
        stack_is(window, "CREATE_COMPLETE").await;
        // What was looked at last is there again.
        window.click("[data-switch=panel]").await;
        window.click("[data-switch=panel]").await;
        stack_is(window, "CREATE_COMPLETE").await;
        let wide = window.value("[document.documentElement.scrollWidth, innerWidth]").await;
        assert!(wide[0].as_i64() <= wide[1].as_i64(), "wider than the phone: {wide}");
        let inside = window.value("[...document.querySelectorAll('.inside, .inside table')].every((it) => it.scrollWidth <= it.parentElement.clientWidth)").await;
        assert_eq!(inside, true, "the stack is wider than its pane");
        window.resize(DESKTOP).await;
    });
}

#[test]
fn a_worker_killed_beside_a_stack_goes_on() {
    visit(None, async |show, window| {
        window.click("[data-switch=panel]").await;
        ask_for_a_site(window, "survivor", "survivor.example.com").await;
        be_bob(window).await;
        plan(window).await;
        window.click("[data-tab=plugs]").await;
        window.click("[data-plug=worker] [data-to=armed]").await;
        window.wait("document.querySelector('[data-plug=worker][data-state=armed]')").await;
        window.click("[data-user=U0AUTHORIZER] [data-action=approve]").await;
        window.wait("document.querySelector('[data-plug=worker][data-state=killed]')").await;
        window.wait("document.querySelector('.stopwatch.completed')").await;
        window.click("[data-tab=resources]").await;
        stack_is(window, "CREATE_COMPLETE").await;
        assert!(told(show, "survivor").await.contains("http://survivor.example.com"));
    });
}
