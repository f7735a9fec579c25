//! What notices are about, for programs: stored, and never renamed. Those that more than a message's own text goes by.

pub const ORDER_IN_SERVICE: &str = "order_in_service";
pub const PAYMENT_HELD: &str = "payment_held";
pub const PAYMENT_TO_RETURN: &str = "payment_to_return";
pub const LISTING_LISTED: &str = "listing_listed";
pub const GRANT_ACTIVATED: &str = "grant_activated";
pub const GRANT_EXPIRING: &str = "grant_expiring";
pub const DELETION_REMINDER: &str = "deletion_reminder";
pub const DEMAND_SERVED: &str = "demand_served";
pub const DEMAND_DUE: &str = "demand_due";
pub const DEMAND_MOVED: &str = "demand_moved";
pub const DEMAND_OVERDUE: &str = "demand_overdue";
pub const DEMAND_ATTESTED: &str = "demand_attested";
pub const DEMAND_UNANSWERED: &str = "demand_unanswered";
pub const DEMAND_UNCONFIRMED: &str = "demand_unconfirmed";
pub const TERMINATION_SERVED: &str = "termination_served";
pub const TERMINATION_COMING: &str = "termination_coming";
pub const TERMINATION_MOVED: &str = "termination_moved";
pub const TERMINATION_WITHDRAWN: &str = "termination_withdrawn";
pub const AGREEMENT_ENDED: &str = "agreement_ended";
pub const CONTACTS_CHANGED: &str = "contacts_changed";
pub const CONTACTS_LEFT: &str = "contacts_left";
