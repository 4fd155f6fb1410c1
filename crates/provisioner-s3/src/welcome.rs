//! The page that greets whoever opens the bucket.

use provisioner::ProvisionInput;

/// The object that it is.
pub const WELCOME_PAGE: &str = "index.html";
/// Its type: without the charset some browsers guess.
pub const HTML: &str = "text/html; charset=utf-8";

/// The page's text.
pub fn welcome_page(input: &ProvisionInput) -> String {
    include_str!("welcome.html")
        .replace("{{bucket}}", &html(&input.bucket_name))
        .replace("{{region}}", &html(&input.region))
        .replace("{{team}}", &html(&input.team_id))
        .replace("{{application}}", &html(&input.application_name))
}

/// Text that stands for itself in HTML, inside an attribute too.
fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '{' => out.push_str("&#123;"), // so that no value is taken for a placeholder
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_welcome_page_shows_names_and_runs_nothing() {
        let input = ProvisionInput {
            application_id: "x-1".into(),
            application_name: "<script>alert('{{region}}')</script>".into(),
            team_id: "\"a\" & b".into(),
            blueprint: "bucket".into(),
            region: "eu-west-1".into(),
            profile: "sandbox".into(),
            bucket_name: "app-x-1".into(),
            requester_id: String::new(),
            authorizer_id: String::new(),
            ..ProvisionInput::default()
        };
        let page = welcome_page(&input);
        assert!(!page.contains("<script"), "{page}");
        assert!(page.contains("&lt;script&gt;alert(&#39;&#123;&#123;region}}&#39;)"), "{page}");
        assert!(page.contains("&quot;a&quot; &amp; b"), "{page}");
        assert!(!page.contains("{{"), "{page}");
    }
}
