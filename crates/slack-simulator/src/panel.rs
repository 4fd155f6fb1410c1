//! What the page of a workspace has beside it.

use axum::Router;

/// What whoever runs the workspace shows beside it, such as the rest of a demo.
///
/// `/panel/panel.js` exports what the workspace's own `panel.js` does: a component `Panel`
/// with its `title`, one more above the workspace (`Guide`), and `look`, which is called
/// whenever something changes and gives what they show. `/panel/panel.css` goes with it.
#[derive(Clone, Debug)]
pub struct Panel {
    /// Its files, and whatever they ask: served below `/panel`.
    pub routes: Router,
}
