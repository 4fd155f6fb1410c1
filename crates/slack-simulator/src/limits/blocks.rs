//! What blocks take, each by itself and all together.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::check::{Check, MAX_ID, Problem, Surface, Text};
use super::elements::Place;
use crate::blocks;

/// Everything wrong with these blocks; pointers start with `at`, as in `/blocks`.
pub fn check_blocks(blocks: &[Value], surface: Surface, at: &str) -> Vec<Problem> {
    let mut check = Check { surface, problems: Vec::new() };
    check.blocks(blocks, at);
    check.problems
}

impl Check {
    pub(super) fn blocks(&mut self, blocks: &[Value], at: &str) {
        let limit = if self.surface == Surface::Message { 50 } else { 100 };
        if blocks.len() > limit {
            self.fail(format!("no more than {limit} items allowed"), at);
        }
        let mut ids = BTreeSet::new();
        for (index, block) in blocks.iter().enumerate() {
            let at = format!("{at}/{index}");
            if let Some(id) = block["block_id"].as_str()
                && !ids.insert(id)
            {
                self.fail(format!("`block_id` already exists: {id}"), &format!("{at}/block_id"));
            }
            self.block(block, &at);
        }
        self.whole(blocks, at);
    }

    /// What only shows when all blocks are seen together.
    fn whole(&mut self, blocks: &[Value], at: &str) {
        let of = |kind: &str| blocks.iter().filter(|block| block["type"] == kind).count();
        if of("table") + of("data_table") > 1 {
            self.fail("only one table is allowed", at);
        }
        if of("plan") > 0 && of("task_card") > 0 {
            self.fail("plan and task_card cannot be mixed", at);
        }
        let markdown = blocks.iter().filter(|block| block["type"] == "markdown");
        if markdown.map(|block| blocks::string(block, "/text").chars().count()).sum::<usize>() > 12_000 {
            self.fail("markdown blocks must be less than 12001 characters together", at);
        }
        let inside = blocks.iter().flat_map(|block| {
            let several = block["elements"].as_array().into_iter().flatten();
            [&block["element"], &block["accessory"]].into_iter().chain(several)
        });
        let focused = inside.filter(|element| element["focus_on_load"] == true).count();
        if focused > 1 {
            self.fail("only one element can have focus_on_load", at);
        }
    }

    fn block(&mut self, block: &Value, at: &str) {
        let Some(fields) = block.as_object() else { return self.fail("must be an object", at) };
        let Some(kind) = fields.get("type").and_then(Value::as_str) else {
            return self.fail("missing required field: type", at);
        };
        let here = format!("{at}/type");
        let Some((surfaces, known)) = known_block(kind) else {
            return self.fail(format!("unsupported type: {kind}"), &here);
        };
        if !surfaces.contains(&self.surface) {
            return self.fail(format!("unsupported type: {kind} is not allowed here"), &here);
        }
        self.optional_string(fields, "block_id", 1, MAX_ID, at);
        if !known.is_empty() {
            self.only_known(fields, known, at);
        }
        match kind {
            "section" => self.section(fields, at),
            "header" => self.header(fields, at),
            "context" => self.context(fields, at),
            "actions" => self.actions(fields, at),
            "input" => self.input(fields, at),
            "image" => self.image(fields, at),
            "rich_text" => drop(self.list(fields, "elements", 1, usize::MAX, at)),
            "markdown" => self.required_string(fields, "text", 1, 12_000, at),
            "plan" => self.plan(fields, at),
            "task_card" => self.task(fields, at),
            "card" => self.card(fields, at),
            "carousel" => drop(self.list(fields, "elements", 1, 10, at)),
            "table" => self.table(fields, at),
            _ => {}
        }
    }

    fn section(&mut self, fields: &Map<String, Value>, at: &str) {
        if !fields.contains_key("text") && !fields.contains_key("fields") {
            self.fail("missing required field: text or fields", at);
        }
        self.optional_text(fields, "text", Text::Any, 3000, at);
        if fields.contains_key("fields") {
            for (index, field) in self.list(fields, "fields", 1, 10, at).iter().enumerate() {
                self.text(field, Text::Any, 2000, &format!("{at}/fields/{index}"));
            }
        }
        self.optional_bool(fields, "expand", at);
        if let Some(accessory) = fields.get("accessory") {
            self.element(accessory, Place::Section, &format!("{at}/accessory"));
        }
    }

    fn header(&mut self, fields: &Map<String, Value>, at: &str) {
        self.required_text(fields, "text", Text::Plain, 150, at);
        if let Some(level) = fields.get("level")
            && !level.as_u64().is_some_and(|level| (1..=4).contains(&level))
        {
            self.fail("must be between 1 and 4", &format!("{at}/level"));
        }
    }

    fn context(&mut self, fields: &Map<String, Value>, at: &str) {
        for (index, item) in self.list(fields, "elements", 1, 10, at).iter().enumerate() {
            let at = format!("{at}/elements/{index}");
            match item["type"].as_str() {
                Some("image") => item.as_object().into_iter().for_each(|image| self.image(image, &at)),
                _ => self.text(item, Text::Any, 3000, &at),
            }
        }
    }

    fn actions(&mut self, fields: &Map<String, Value>, at: &str) {
        let mut ids = BTreeSet::new();
        for (index, element) in self.list(fields, "elements", 1, 25, at).iter().enumerate() {
            let at = format!("{at}/elements/{index}");
            if let Some(id) = element["action_id"].as_str()
                && !ids.insert(id.to_string())
            {
                self.fail(format!("`action_id` already exists: {id}"), &format!("{at}/action_id"));
            }
            self.element(element, Place::Actions, &at);
        }
    }

    fn input(&mut self, fields: &Map<String, Value>, at: &str) {
        self.required_text(fields, "label", Text::Plain, 2000, at);
        self.optional_text(fields, "hint", Text::Plain, 2000, at);
        self.optional_bool(fields, "optional", at);
        self.optional_bool(fields, "dispatch_action", at);
        match fields.get("element") {
            Some(element) if element["type"] == "file_input" && fields.get("dispatch_action") == Some(&true.into()) => {
                self.fail("unsupported type: file_input", &format!("{at}/element/type"));
            }
            Some(element) => self.element(element, Place::Input, &format!("{at}/element")),
            None => self.fail("missing required field: element", at),
        }
    }

    fn plan(&mut self, fields: &Map<String, Value>, at: &str) {
        self.required_string(fields, "title", 1, 3000, at);
        if !fields.contains_key("tasks") {
            return;
        }
        let mut ids = BTreeSet::new();
        for (index, task) in self.list(fields, "tasks", 0, 50, at).iter().enumerate() {
            let at = format!("{at}/tasks/{index}");
            let Some(fields) = task.as_object() else {
                self.fail("must be an object", &at);
                continue;
            };
            if !ids.insert(blocks::string(task, "/task_id")) {
                self.fail("`task_id` already exists", &format!("{at}/task_id"));
            }
            self.task(fields, &at);
        }
    }

    fn task(&mut self, fields: &Map<String, Value>, at: &str) {
        self.required_string(fields, "task_id", 1, MAX_ID, at);
        self.required_string(fields, "title", 1, 3000, at);
        self.one_of(fields, "status", &["pending", "in_progress", "complete", "error"], at);
        for name in ["details", "output"] {
            if let Some(value) = fields.get(name)
                && (value["type"] != "rich_text" || value["elements"].as_array().is_none_or(Vec::is_empty))
            {
                self.fail("must be a rich_text object that is not empty", &format!("{at}/{name}"));
            }
        }
    }

    fn card(&mut self, fields: &Map<String, Value>, at: &str) {
        for (name, limit) in [("title", 150), ("subtitle", 150), ("body", 200)] {
            self.optional_text(fields, name, Text::Any, limit, at);
        }
        if fields.contains_key("actions") {
            for (index, element) in self.list(fields, "actions", 1, 25, at).iter().enumerate() {
                self.element(element, Place::Actions, &format!("{at}/actions/{index}"));
            }
        }
    }

    fn table(&mut self, fields: &Map<String, Value>, at: &str) {
        for (index, row) in self.list(fields, "rows", 1, 100, at).iter().enumerate() {
            if row.as_array().is_none_or(|cells| cells.len() > 20) {
                self.fail("must be a list of no more than 20 cells", &format!("{at}/rows/{index}"));
            }
        }
    }
}

/// The surfaces of a block and the fields it may have; an empty list of fields
/// stands for newer blocks whose fields are not all documented.
fn known_block(kind: &str) -> Option<(&'static [Surface], &'static [&'static str])> {
    use Surface::{Home, Message, Modal};
    const EVERYWHERE: &[Surface] = &[Message, Modal, Home];
    Some(match kind {
        "section" => (EVERYWHERE, &["text", "fields", "accessory", "expand"]),
        "actions" | "context" | "rich_text" => (EVERYWHERE, &["elements"]),
        "divider" => (EVERYWHERE, &["type"]),
        "header" => (EVERYWHERE, &["text", "level"]),
        "image" => (EVERYWHERE, &["image_url", "slack_file", "alt_text", "title"]),
        "input" => (EVERYWHERE, &["label", "element", "hint", "optional", "dispatch_action"]),
        "card" | "video" => (EVERYWHERE, &[]),
        "carousel" | "table" | "data_table" => (&[Message, Home], &[]),
        "container" | "data_visualization" | "context_actions" => (&[Message], &[]),
        "markdown" => (&[Message], &["text"]),
        "plan" => (&[Message], &["title", "tasks"]),
        "task_card" => (&[Message], &[]),
        "alert" => (&[Modal], &[]),
        _ => return None,
    })
}
