//! Why money has to be returned: what an order says that does not take a payment, and what its record keeps (4.6).

use market_kernel::notices::Words;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why money has to be returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReturnBecause {
    /// The order was paid before, or needs no payment.
    AlreadyPaid,
    /// It was made after the order's time to pay.
    TooLate,
    /// The market agreement has ended.
    AgreementEnded,
    /// The order's term would pass the end of the market agreement (10.1.2).
    PassesTheEnd,
    /// The operator decided so.
    OperatorDecided,
}

impl ReturnBecause {
    pub(crate) const fn words(self) -> Words {
        match self {
            Self::AlreadyPaid => {
                Words { english: "the order was paid before", chinese: "该订单此前已付款" }
            }
            Self::TooLate => Words {
                english: "it was made after the time to pay",
                chinese: "付款晚于订单的付款期限",
            },
            Self::AgreementEnded => {
                Words { english: "the market agreement has ended", chinese: "服务市场协议已终止" }
            }
            Self::PassesTheEnd => Words {
                english: "the term would pass the end of the market agreement",
                chinese: "服务期限将超过服务市场协议的终止时间",
            },
            Self::OperatorDecided => Words {
                english: "the operator decided so after looking at it",
                chinese: "运营方核实后决定退回",
            },
        }
    }
}
