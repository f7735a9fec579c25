//! Vouching for a code: the only edge, and every non-edge.

use market_kernel::aggregate::Loaded;
use market_kernel::change::Change;
use market_parties::credit_code::GivenCode;
use market_parties::vouching::*;
use market_tables::{Cell, account, begin, every, loaded, occasion, recorded};

every! {
    Stand { Unvouched, Vouched }
}

every! {
    Code { KeepsTheRule, BreaksTheRule }
}

fn code(code: Code) -> GivenCode {
    match code {
        Code::KeepsTheRule => account().credit_code.as_str().parse().unwrap(),
        // No check character follows from these.
        Code::BreaksTheRule => "91510100MA6C0QLJ00".parse().unwrap(),
    }
}

fn vouch(existing: Option<&Loaded<Vouching>>, given: Code) -> Result<(Vouching, Change), VouchRefusal> {
    let reason = "营业执照原件".try_into().unwrap();
    Vouching::vouch(existing, code(given), reason, None, &occasion(begin()))
}

#[test]
fn a_code_that_breaks_the_rule_is_vouched_for_once() {
    let (vouched, change) = vouch(None, Code::BreaksTheRule).unwrap();
    let vouched = loaded(vouched);
    for stand in Stand::ALL {
        for given in Code::ALL {
            let existing = match stand {
                Stand::Unvouched => None,
                Stand::Vouched => Some(&vouched),
            };
            let expected = match (stand, given) {
                (Stand::Unvouched, Code::BreaksTheRule) => Cell::To("CreditCodeVouched", begin()),
                (Stand::Vouched, Code::BreaksTheRule) => Cell::No(VouchRefusal::AlreadyVouched),
                (Stand::Unvouched | Stand::Vouched, Code::KeepsTheRule) => {
                    Cell::No(VouchRefusal::KeepsTheRule)
                }
            };
            let cell = Cell::answered(vouch(existing, *given), |vouching: &Vouching| vouching.vouched_at);
            assert_eq!(cell, expected, "{stand:?} × {given:?}");
        }
    }
    let (_, written) = recorded::<Vouching>(&change);
    assert_eq!(written.code.as_str(), code(Code::BreaksTheRule).as_str());
}
