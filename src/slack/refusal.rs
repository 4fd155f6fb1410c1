//! What Slack means by the code it refuses a call with, for whoever decides whether to
//! try again.
//!
//! Slack adds codes without notice, so only those in a list are believed to be for good.
//! The codes and what they mean are from the reference of each method, at
//! <https://docs.slack.dev/reference/methods>.

/// What a code says about trying again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Slack is busy, broken or being moved, and comes back by itself. The call may have
    /// been carried out.
    Passing,
    /// The token or the app's installation is at fault, for every call alike. An admin
    /// mends it while requests wait.
    Token,
    /// No message of ours can be put there: a channel, a thread, a person.
    Place,
    /// This message cannot be changed any more.
    Frozen,
    /// The blocks are not liked; the text may be.
    Blocks,
    /// The metadata is not liked.
    Metadata,
    /// The call is malformed: a mistake of ours, which will be refused again.
    Mistake,
    /// An admin's rule, for this place or for all, or a code that nobody here knows.
    /// Some pass: tried again for a while, and then it is taken for final.
    Unclear,
}

impl Refusal {
    pub fn of(code: &str) -> Self {
        let is_one = |(codes, _): &&(&[&str], Self)| codes.contains(&code);
        match KNOWN.iter().find(is_one) {
            Some((_, refusal)) => *refusal,
            // One for each kind of channel, and their number grows.
            None if code.starts_with("restricted_action") => Self::Place,
            None if code.contains("blocks") => Self::Blocks,
            None if code.contains("metadata") => Self::Metadata,
            None => Self::Unclear,
        }
    }
}

const KNOWN: &[(&[&str], Refusal)] = &[
    (
        &[
            "internal_error",
            "fatal_error",
            "service_unavailable",
            // The body did not arrive whole.
            "request_timeout",
            "ratelimited",
            "rate_limited",
            // The whole workspace sends too much.
            "message_limit_exceeded",
            // The workspace joins an organisation, and is away until that is done.
            "team_added_to_org",
            "org_login_required",
            "external_channel_migrating",
            "update_failed",
        ],
        Refusal::Passing,
    ),
    (
        &[
            "invalid_auth",
            "not_authed",
            "account_inactive",
            "token_revoked",
            "token_expired",
            "not_allowed_token_type",
            "two_factor_setup_required",
            "missing_scope",
        ],
        Refusal::Token,
    ),
    (
        &[
            // Private without the bot, a foreign conversation, a person who is gone.
            "channel_not_found",
            "not_in_channel",
            "is_archived",
            // A thread whose first message was deleted, and what takes no replies.
            "thread_not_found",
            "cannot_reply_to_message",
            "messages_tab_disabled",
            "user_disabled",
            "user_not_found",
            "user_not_visible",
            "cannot_dm_bot",
            "invalid_user_combination",
            "app_cannot_join_channel",
            "method_not_supported_for_channel_type",
        ],
        Refusal::Place,
    ),
    (
        &[
            "message_not_found",
            // An archived or frozen channel.
            "is_inactive",
            "cant_update_message",
            "edit_window_closed",
            "streaming_state_conflict",
            "block_mismatch",
        ],
        Refusal::Frozen,
    ),
    (&["invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"], Refusal::Blocks),
    (
        &["metadata_too_large", "invalid_metadata_format", "invalid_metadata_schema", "metadata_must_be_sent_from_app"],
        Refusal::Metadata,
    ),
    (
        &[
            "no_text",
            "msg_too_long",
            "invalid_arguments",
            "invalid_arg_name",
            "invalid_array_arg",
            "invalid_charset",
            "invalid_form_data",
            "invalid_post_type",
            "missing_post_type",
            "invalid_json",
            "json_not_object",
            "invalid_cursor",
            "deprecated_endpoint",
            "method_deprecated",
            "unknown_method",
        ],
        Refusal::Mistake,
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Every code of the reference of the methods we call that can meet our arguments, and
    /// one that nobody has heard of.
    #[test]
    fn each_code_is_tried_again_or_final_for_a_reason() {
        use Refusal::*;
        for (expected, codes) in [
            (
                Passing,
                "internal_error fatal_error service_unavailable request_timeout ratelimited rate_limited \
                 message_limit_exceeded team_added_to_org org_login_required external_channel_migrating update_failed",
            ),
            (
                Token,
                "invalid_auth not_authed account_inactive token_revoked token_expired missing_scope \
                 not_allowed_token_type two_factor_setup_required",
            ),
            (
                Place,
                "channel_not_found not_in_channel is_archived restricted_action restricted_action_read_only_channel \
                 restricted_action_thread_only_channel restricted_action_thread_locked \
                 restricted_action_non_threadable_channel restricted_action_of_tomorrow cannot_reply_to_message \
                 thread_not_found messages_tab_disabled user_disabled user_not_found user_not_visible cannot_dm_bot",
            ),
            (Frozen, "message_not_found is_inactive cant_update_message edit_window_closed streaming_state_conflict"),
            (Blocks, "invalid_blocks invalid_blocks_format msg_blocks_too_long too_many_blocks"),
            (Metadata, "metadata_too_large invalid_metadata_format invalid_metadata_schema"),
            (Mistake, "no_text msg_too_long invalid_arguments invalid_arg_name invalid_form_data unknown_method"),
            (
                Unclear,
                "no_permission access_denied ekm_access_denied team_access_not_granted accesslimited \
                 app_access_restricted enterprise_is_restricted slack_connect_file_link_sharing_blocked \
                 slack_connect_canvas_sharing_blocked slack_connect_lists_sharing_blocked team_not_found \
                 too_many_attachments invented_by_nobody",
            ),
        ] {
            for code in codes.split_whitespace() {
                assert_eq!(Refusal::of(code), expected, "{code}");
            }
        }
    }
}
