//! MERGE, whose form in Redshift is narrower than PostgreSQL's.

use sqlparser::ast::{
    BinaryOperator, Expr, Merge, MergeAction, MergeClause, MergeClauseKind, MergeInsertKind, MergeUpdateKind,
    Statement, TableFactor, TableWithJoins,
};

use super::Translated;
use super::gate::{Gate, Outcome, refusal};
use super::reader::Reader;
use super::walk::{Origin, Walk};
use super::write::{check_assignments, table_of};
use crate::rules::sql;

pub(super) fn statement(reader: &mut Reader<'_>) -> Outcome<Translated> {
    let mut statement = reader.parse(|parser| parser.parse_statement())?;
    let simplified = reader.take_all(&["REMOVE", "DUPLICATES"]);
    let Statement::Merge(merge) = &mut statement else { return Err(reader.unexpected()) };
    let mut walk = Walk::new(reader, Origin::Insert);
    check(walk.gate, merge, simplified)?;
    let table = |relation: &TableFactor| TableWithJoins { relation: relation.clone(), joins: Vec::new() };
    walk.scopes.push(&[table(&merge.table), table(&merge.source)]);
    walk.over(merge)?;
    let gate = walk.gate;
    let facts = walk.finish()?;
    let message = "Partial reference of SUPER column is not supported in MERGE statement.";
    gate.refuse_if(facts.navigated, &sql::MERGE_SUPER, message)?;
    if simplified {
        return Ok(replaced(merge));
    }
    Ok(Translated::plain(statement.to_string()))
}

/// The simplified mode: the rows of the source replace the rows of the target that match.
fn replaced(merge: &Merge) -> Translated {
    let Merge { table, source, on, .. } = merge;
    let deleted = format!("DELETE FROM {table} USING {source} WHERE {on}");
    Translated::tagged("MERGE", vec![deleted, format!("INSERT INTO {table} SELECT * FROM {source}")])
}

fn check(gate: Gate<'_>, merge: &Merge, simplified: bool) -> Outcome {
    let Merge { merge_token: _, optimizer_hints, into, table, source, on, clauses, output } = merge;
    if !optimizer_hints.is_empty() || !into || output.is_some() {
        return Err(refusal(&sql::UNKNOWN_CLAUSE, "this form of MERGE is not known to the emulator"));
    }
    let aliased = matches!(table, TableFactor::Table { alias: Some(_), .. });
    gate.refuse_if(aliased, &sql::MERGE_TARGET_ALIAS, "the target table of a MERGE cannot have an alias")?;
    let (target, from) = (table_of(table), table_of(source));
    let message = "the source of a MERGE must be a table, and not the target table";
    gate.refuse_if(from.is_none() || target == from, &sql::MERGE_SOURCE, message)?;
    let message = "the condition of a MERGE must consist of equal predicates between columns of source and target";
    gate.refuse_if(!is_equality(on), &sql::MERGE_EQUALITY, message)?;
    if simplified && clauses.is_empty() { Ok(()) } else { check_branches(gate, clauses) }
}

/// Whether a condition consists of `column = column`, with AND.
fn is_equality(condition: &Expr) -> bool {
    match condition {
        Expr::Nested(inner) => is_equality(inner),
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => is_equality(left) && is_equality(right),
        Expr::BinaryOp { left, op: BinaryOperator::Eq, right } => is_column(left) && is_column(right),
        _ => false,
    }
}

fn is_column(expression: &Expr) -> bool {
    match expression {
        Expr::Nested(inner) => is_column(inner),
        // Parts of a SUPER column have a rule of their own.
        other => matches!(
            other,
            Expr::Identifier(_)
                | Expr::CompoundIdentifier(_)
                | Expr::CompoundFieldAccess { .. }
                | Expr::JsonAccess { .. }
        ),
    }
}

fn check_branches(gate: Gate<'_>, clauses: &[MergeClause]) -> Outcome {
    let message = "a MERGE needs WHEN MATCHED THEN UPDATE or DELETE, and WHEN NOT MATCHED THEN INSERT";
    let both = match clauses {
        [matched, unmatched] => {
            matched.clause_kind == MergeClauseKind::Matched
                && matches!(matched.action, MergeAction::Update(_) | MergeAction::Delete { .. })
                && unmatched.clause_kind == MergeClauseKind::NotMatched
                && matches!(unmatched.action, MergeAction::Insert(_))
        }
        _ => false,
    };
    gate.refuse_if(!both, &sql::MERGE_BRANCHES, message)?;
    for clause in clauses {
        let conditions = match &clause.action {
            MergeAction::Update(update) => {
                if let MergeUpdateKind::Set(assignments) = &update.kind {
                    check_assignments(gate, assignments)?;
                }
                let whole = matches!(update.kind, MergeUpdateKind::Wildcard);
                whole || update.update_predicate.is_some() || update.delete_predicate.is_some()
            }
            MergeAction::Insert(insert) => {
                !matches!(insert.kind, MergeInsertKind::Values(_)) || insert.insert_predicate.is_some()
            }
            _ => false,
        };
        let conditional = conditions || clause.predicate.is_some();
        gate.refuse_if(conditional, &sql::MERGE_CONDITION, "a branch of a MERGE cannot have a condition")?;
    }
    Ok(())
}
