//! Asking: the form, who may ask, and the way from the question to the answer.

mod flow;
mod form;
mod hostile;
mod open_max;
mod preflight;
mod standing;
