//! Slow matrices: cases that are each set up, broken and looked at alike. A run takes a sample, the same every time;
//! `MARKET_MATRICES=whole` (`cargo xtask check --all`) takes every case.

/// Every `step`-th case from the first on, and the last. With a step that has no divisor in common with the length of a
/// row, every column occurs where there are enough cases, and every row where a row is no shorter than the step.
pub fn sampled<T>(cases: impl IntoIterator<Item = T>, step: usize) -> Vec<T> {
    let cases: Vec<T> = cases.into_iter().collect();
    if std::env::var_os("MARKET_MATRICES").is_some_and(|which| which == "whole") {
        return cases;
    }
    let last = cases.len().saturating_sub(1);
    cases
        .into_iter()
        .enumerate()
        .filter(|(number, _)| number % step == 0 || *number == last)
        .map(|(_, case)| case)
        .collect()
}

#[test]
fn a_sample_of_these_matrices_has_every_row_and_every_column() {
    for (rows, columns, step) in [(5, 6, 5), (4, 4, 5), (3, 8, 3)] {
        let matrix = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
        let taken = sampled(matrix, step);
        for row in 0..rows {
            assert!(taken.iter().any(|case| case.0 == row), "row {row} of {rows} × {columns}");
        }
        for column in 0..columns {
            assert!(taken.iter().any(|case| case.1 == column), "column {column} of {rows} × {columns}");
        }
    }
}
