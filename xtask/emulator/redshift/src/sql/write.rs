//! INSERT, UPDATE and DELETE.

use sqlparser::ast::{
    Assignment, AssignmentTarget, Delete, FromTable, Insert, JoinOperator, ObjectName, ObjectNamePart, SetExpr,
    Statement, TableFactor, TableObject, TableWithJoins, Update, UpdateTableFromKind,
};

use super::Translated;
use super::gate::{Gate, Outcome, refusal};
use super::names::{check_word, parts};
use super::query::check_joins;
use super::reader::Reader;
use super::walk::{Origin, Walk};
use crate::rules::{Refusal, sql};

pub(super) fn statement(reader: &mut Reader<'_>) -> Outcome<Translated> {
    let mut statement = reader.parse(|parser| parser.parse_statement())?;
    let inserts = matches!(&statement, Statement::Insert(insert)
        if insert.source.as_ref().is_some_and(|query| matches!(*query.body, SetExpr::Values(_))));
    let mut walk = Walk::new(reader, if inserts { Origin::Insert } else { Origin::Query });
    check(&mut walk, &mut statement)?;
    walk.over(&mut statement)?;
    walk.finish()?;
    Ok(Translated::plain(statement.to_string()))
}

fn unknown(what: &str) -> Refusal {
    refusal(&sql::UNKNOWN_CLAUSE, format!("{what} is not known to the emulator"))
}

fn no_returning(gate: Gate<'_>, present: bool) -> Outcome {
    gate.refuse_if(present, &sql::RETURNING, "syntax error at or near \"RETURNING\"")
}

/// Checks the clauses of one statement.
pub(super) fn check(walk: &mut Walk<'_>, statement: &mut Statement) -> Outcome {
    match statement {
        Statement::Insert(insert) => check_insert(walk, insert),
        Statement::Update(update) => check_update(walk, update),
        Statement::Delete(delete) => check_delete(walk, delete),
        other => Err(unknown(&other.to_string())),
    }
}

fn check_insert(walk: &mut Walk<'_>, insert: &mut Insert) -> Outcome {
    let gate = walk.gate;
    let Insert {
        insert_token: _,
        optimizer_hints,
        or,
        ignore,
        into,
        table,
        table_alias,
        columns,
        by_name,
        overwrite,
        source: _,
        assignments,
        partitioned,
        after_columns,
        overriding,
        has_table_keyword,
        on,
        returning,
        output,
        replace_into,
        priority,
        insert_alias,
        settings,
        multi_table_insert_type: _,
        multi_table_into_clauses,
        multi_table_when_clauses,
        multi_table_else_clause,
        format_clause,
    } = insert;
    gate.refuse_if(on.is_some(), &sql::ON_CONFLICT, "syntax error at or near \"ON\"")?;
    no_returning(gate, returning.is_some())?;
    let plain = optimizer_hints.is_empty()
        && or.is_none()
        && !*ignore
        && *into
        && table_alias.is_none()
        && !*by_name
        && !*overwrite
        && assignments.is_empty()
        && partitioned.is_none()
        && after_columns.is_empty()
        && overriding.is_none()
        && !*has_table_keyword
        && output.is_none()
        && !*replace_into
        && priority.is_none()
        && insert_alias.is_none()
        && settings.is_none()
        && multi_table_into_clauses.is_empty()
        && multi_table_when_clauses.is_empty()
        && multi_table_else_clause.is_none()
        && format_clause.is_none();
    if !plain || !matches!(table, TableObject::TableName(_)) {
        return Err(unknown("this form of INSERT"));
    }
    columns.iter().try_for_each(|column| check_target(gate, column))
}

/// A column that is written: its name alone.
fn check_target(gate: Gate<'_>, column: &ObjectName) -> Outcome {
    let message = format!("column \"{column}\" must be named without its table");
    gate.refuse_if(column.0.len() != 1, &sql::ASSIGNMENT_TARGET, message)?;
    column.0.first().and_then(ObjectNamePart::as_ident).map_or(Ok(()), |ident| check_word(gate, ident))
}

/// Checks the assignments of SET.
pub(super) fn check_assignments(gate: Gate<'_>, assignments: &[Assignment]) -> Outcome {
    for assignment in assignments {
        match &assignment.target {
            AssignmentTarget::ColumnName(column) => check_target(gate, column)?,
            AssignmentTarget::Tuple(_) => {
                gate.refuse(&sql::ASSIGNMENT_TARGET, "SET (columns) = (values) is not supported")?;
            }
        }
    }
    Ok(())
}

/// Outer joins with the changed table are not supported.
fn check_sources(walk: &mut Walk<'_>, sources: &[TableWithJoins]) -> Outcome {
    walk.scopes.extend(sources);
    for tables in sources {
        check_joins(walk.gate, tables)?;
        let outer = tables.joins.iter().any(|join| {
            !matches!(join.join_operator, JoinOperator::Join(_) | JoinOperator::Inner(_) | JoinOperator::CrossJoin(_))
        });
        let message = "Target table must be part of an equijoin predicate";
        walk.gate.refuse_if(outer, &sql::UPDATE_JOIN, message)?;
    }
    Ok(())
}

fn check_update(walk: &mut Walk<'_>, update: &mut Update) -> Outcome {
    let gate = walk.gate;
    let Update {
        update_token: _,
        optimizer_hints,
        table,
        on_cluster,
        assignments,
        from,
        selection: _,
        returning,
        output,
        or,
        order_by,
        limit,
        settings,
    } = update;
    no_returning(gate, returning.is_some())?;
    let plain = optimizer_hints.is_empty()
        && on_cluster.is_none()
        && output.is_none()
        && or.is_none()
        && order_by.is_empty()
        && limit.is_none()
        && settings.is_none()
        && table.joins.is_empty()
        && matches!(table.relation, TableFactor::Table { .. })
        && !matches!(from, Some(UpdateTableFromKind::BeforeSet(_)));
    if !plain {
        return Err(unknown("this form of UPDATE"));
    }
    check_assignments(gate, assignments)?;
    walk.scopes.push(std::slice::from_ref(table));
    if let Some(UpdateTableFromKind::AfterSet(sources)) = from {
        check_sources(walk, sources)?;
    }
    Ok(())
}

fn check_delete(walk: &mut Walk<'_>, delete: &mut Delete) -> Outcome {
    let gate = walk.gate;
    let Delete {
        delete_token: _,
        optimizer_hints,
        tables,
        from,
        on_cluster,
        using,
        selection: _,
        returning,
        output,
        order_by,
        limit,
        settings,
    } = delete;
    no_returning(gate, returning.is_some())?;
    let plain = optimizer_hints.is_empty()
        && tables.is_empty()
        && on_cluster.is_none()
        && output.is_none()
        && order_by.is_empty()
        && limit.is_none()
        && settings.is_none();
    let (FromTable::WithFromKeyword(targets) | FromTable::WithoutKeyword(targets)) = from;
    let [target] = targets.as_slice() else { return Err(unknown("DELETE from several tables")) };
    if !plain || !target.joins.is_empty() || !matches!(target.relation, TableFactor::Table { .. }) {
        return Err(unknown("this form of DELETE"));
    }
    walk.scopes.push(std::slice::from_ref(target));
    using.as_ref().map_or(Ok(()), |sources| check_sources(walk, sources))
}

/// The name of the table that a factor is, in lower case; `None` for other factors.
pub(super) fn table_of(factor: &TableFactor) -> Option<Vec<String>> {
    match factor {
        TableFactor::Table { name, args: None, .. } => Some(parts(name)),
        _ => None,
    }
}
