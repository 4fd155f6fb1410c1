//! `list`: the requests of the client's teams, the newest first.

use clap::Args;
use serde_json::Value;

use super::common::Common;
use super::exit::Exit;
use super::http::{Call, Http};
use super::output::Output;
use super::persist::Patience;
use super::problem::Problem;
use super::words::text;

/// More pages than this are not asked for: ten thousand requests.
const PAGES_MAX: usize = 200;
/// What a row has, and how wide it is at least.
const COLUMNS: [(&str, usize); 4] = [("requestId", 32), ("status", 22), ("teamId", 16), ("requesterId", 0)];

#[derive(Args)]
pub struct Arguments {
    /// Of this team alone, by its ID.
    #[arg(long)]
    team: Option<String>,
    /// With this status alone, such as awaiting_authorization.
    #[arg(long)]
    status: Option<String>,
    #[command(flatten)]
    pub(super) common: Common,
}

pub(super) async fn run(arguments: &Arguments, http: &Http, out: &mut Output) -> Result<Exit, Problem> {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in [("team", &arguments.team), ("status", &arguments.status)] {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    let mut query = query.finish();
    let mut rows = 0;
    for _ in 0..PAGES_MAX {
        let path = if query.is_empty() { "/requests".to_owned() } else { format!("/requests?{query}") };
        let page = http.persist(Patience::short(), out, |_| Call::get(path.clone())).await?;
        let Some(items) = page["items"].as_array() else {
            return Err(Problem::NotTheBot("a list that has no items".to_owned()));
        };
        out.document(&page)?;
        for item in items {
            out.line(&row(item))?;
        }
        rows += items.len();
        match next(&page) {
            Some(next) if next != query && out.is_open() => query = next,
            _ => {
                if rows == 0 {
                    out.note("There are none.");
                }
                return Ok(Exit::Done);
            }
        }
    }
    out.note(&format!("There are more than these {rows}. Name a team or a status."));
    Ok(Exit::Done)
}

fn row(item: &Value) -> String {
    let cell = |(key, width): (&str, usize)| format!("{:<width$}", text(&item[key]).unwrap_or("-"));
    COLUMNS.map(cell).join("  ")
}

/// The query of the next page. Only that: where the list is we know, and the token goes
/// nowhere else.
fn next(page: &Value) -> Option<String> {
    let (_, query) = text(&page["next"])?.split_once('?')?;
    let is_plain = |c: char| c.is_ascii_graphic() && c != '#';
    (!query.is_empty() && query.chars().all(is_plain)).then(|| query.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_row_has_its_columns_under_those_of_the_others() {
        let item = json!({ "requestId": "checkout-7f3a9c0011", "status": "provisioned", "teamId": "payments" });
        let other = json!({ "requestId": "x-1", "status": "failed", "teamId": "payments", "requesterId": "U1" });
        let at = |row: &str| row.find("payments");
        assert_eq!(at(&row(&item)), at(&row(&other)));
        assert!(row(&item).ends_with('-') && row(&other).ends_with("U1"));
    }

    #[test]
    fn the_next_page_is_of_the_same_list() {
        for (told, query) in [
            (json!("/api/v1/requests?team=a&after=x"), Some("team=a&after=x")),
            (json!("https://evil.example.com/?after=x"), Some("after=x")),
            (json!("/api/v1/requests"), None),
            (json!("/api/v1/requests?a b"), None),
            (json!("/api/v1/requests?a#b"), None),
            (json!(null), None),
        ] {
            assert_eq!(next(&json!({ "next": told })).as_deref(), query, "{told}");
        }
    }
}
