//! What bodies, paths and replies of several contexts have in common. Ids, texts, amounts and plain enumerations are the
//! domain's, structures are not: so what is stored can change, and the API stays.

pub mod lists;
pub mod parties;
pub mod paths;
pub mod periods;
pub mod time;
