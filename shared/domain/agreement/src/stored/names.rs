//! The names under which values are stored. They never change: what is renamed in the domain or on the wire
//! keeps its name here.

use market_kernel::names;

use crate::documents::DocumentKind;
use crate::documents::acceptance::Method;
use crate::documents::clauses::Reason;
use crate::terminations::TerminationStanding;

names! {
    DocumentKind { Body = "body", Annex = "annex", Rule = "rule", Subscription = "subscription" }
    Reason {
        Amount = "amount",
        Period = "period",
        Percentage = "percentage",
        DateOrTime = "date_or_time",
        Quantity = "quantity",
        VersionNumber = "version_number",
        CrossReference = "cross_reference",
        ContentsTable = "contents_table",
        ListItem = "list_item",
        TableData = "table_data",
        OrdinaryWords = "ordinary_words",
        PersonsName = "persons_name",
        Misprint = "misprint",
        OutOfSequence = "out_of_sequence",
    }
    TerminationStanding {
        Served = "served",
        Withdrawn = "withdrawn",
        Superseded = "superseded",
        Ending = "ending",
        Completed = "completed",
    }
    Method { Click = "click", Signed = "signed" }
}
