//! Which numbers follow each other, and in which forms.

use crate::documents::clauses::labels::{Close, Form, Step};
use crate::documents::clauses::numerals::Script;

/// `1.` and `1.1` are numbers of one family.
pub(super) fn family(form: Form) -> Form {
    if is_root(form) { Form::Decimal } else { form }
}

/// Whether decimals can lie in a number of this form.
pub(super) fn is_root(form: Form) -> bool {
    matches!(form, Form::Enumerator(Script::Arabic, Close::Dot | Close::Comma | Close::Bare))
}

/// Whether it numbers chapters, by whose number decimals begin (`二、` before `2.1`).
pub(super) fn is_chapter(form: Form) -> bool {
    match form {
        Form::Unit(_) | Form::Word(_) => true,
        Form::Enumerator(Script::Chinese | Script::RomanUpper, close) => close != Close::Brackets,
        _ => false,
    }
}

/// What is not told from a number in the text but by its surroundings.
pub(super) fn is_bare(form: Form) -> bool {
    matches!(form, Form::Enumerator(Script::Arabic | Script::Chinese, Close::Bare))
}

/// Whether a number can follow another directly.
pub(super) fn follows(step: Step, last: Step) -> bool {
    if step.branch > 0 {
        // `第5条の2` is the first that was put in after article 5.
        let is_first = last.branch == 0 && step.branch <= 2;
        step.value == last.value && (step.branch == last.branch + 1 || is_first)
    } else {
        step.value == last.value + 1
    }
}

pub(super) fn ordered(path: &[Step]) -> Vec<(u16, u16)> {
    path.iter().map(|step| (step.value, step.branch)).collect()
}
