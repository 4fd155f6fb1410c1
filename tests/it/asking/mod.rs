//! Asking: the form, who may ask, and the way from the question to the answer.

mod fields;
mod flow;
mod form;
mod hostile;
mod open_max;
mod preflight;
mod standing;
