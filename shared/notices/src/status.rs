//! What a gateway's HTTP status says of a notice that it did not take, where it says nothing more precise.
//!
//! A client error blames the message, the moment, or the way in which it was asked. The last is ours to mend, and true of
//! every notice: an address that is wrong (404, 410, a redirect), a key that is not known (401). No notice may be given up
//! for it.

use market_kernel::notices::Hindrance;

/// Why a notice did not leave, by the status alone.
pub const fn hindrance(status: u16) -> Hindrance {
    match status {
        429 => Hindrance::Throttled,
        // Of this message (400, 413, 422), or of this moment (408, 425).
        400 | 408 | 413 | 422 | 425 => Hindrance::Failing,
        300..=499 => Hindrance::Misconfigured,
        _ => Hindrance::Failing,
    }
}
