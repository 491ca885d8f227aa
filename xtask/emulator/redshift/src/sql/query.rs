//! Queries: the clauses that Redshift has, and those that the emulator can translate.

use sqlparser::ast::{
    Cte, Distinct, GroupByExpr, JoinConstraint, JoinOperator, LimitClause, OrderByExpr, OrderBySort, Query, Select,
    SelectFlavor, SelectItem, SelectItemQualifiedWildcardKind, SetExpr, SetOperator, SetQuantifier, TableAlias,
    TableFactor, TableWithJoins, WildcardAdditionalOptions,
};

use super::Translated;
use super::data_types::{self, Place};
use super::functions;
use super::gate::{Gate, Outcome, refusal};
use super::names::check_word;
use super::reader::Reader;
use super::walk::{self, Origin, Walk};
use crate::rules::sql;

/// SELECT, WITH … SELECT, or a query in parentheses; also WITH before another statement.
pub(super) fn statement(reader: &mut Reader<'_>) -> Outcome<Translated> {
    walk::query(reader, Origin::Query).map(Translated::plain)
}

fn absent(gate: Gate<'_>, present: bool, clause: &str) -> Outcome {
    gate.refuse_if(present, &sql::UNKNOWN_CLAUSE, format!("{clause} is not known to the emulator"))
}

/// Checks the clauses around the SELECTs of a query.
pub(super) fn check(walk: &mut Walk<'_>, query: &mut Query) -> Outcome {
    let gate = walk.gate;
    let Query {
        with,
        body,
        order_by: _,
        limit_clause,
        fetch,
        locks,
        for_clause,
        settings,
        format_clause,
        pipe_operators,
    } = query;
    for Cte { alias, query: _, from, materialized, closing_paren_token: _ } in
        with.iter_mut().flat_map(|with| &mut with.cte_tables)
    {
        absent(gate, from.is_some(), "FROM of a common table expression")?;
        absent(gate, materialized.is_some(), "MATERIALIZED")?;
        check_alias(walk, alias)?;
    }
    if let Some(limit) = limit_clause {
        walk.facts.ordered = true;
        let plain = matches!(limit, LimitClause::LimitOffset { limit_by, .. } if limit_by.is_empty());
        absent(gate, !plain, "this form of LIMIT")?;
    }
    absent(gate, fetch.is_some(), "FETCH")?;
    gate.refuse_if(!locks.is_empty(), &sql::ROW_LOCK, "SELECT FOR UPDATE or FOR SHARE is not supported")?;
    absent(gate, for_clause.is_some(), "FOR")?;
    absent(gate, settings.is_some(), "SETTINGS")?;
    absent(gate, format_clause.is_some(), "FORMAT")?;
    absent(gate, !pipe_operators.is_empty(), "|>")?;
    check_body(walk, body)
}

fn check_body(walk: &mut Walk<'_>, body: &mut SetExpr) -> Outcome {
    let gate = walk.gate;
    match body {
        SetExpr::Select(_) | SetExpr::Query(_) => Ok(()),
        SetExpr::SetOperation { left, op, set_quantifier, right } => {
            let all = *set_quantifier == SetQuantifier::All && *op != SetOperator::Union;
            gate.refuse_if(all, &sql::SET_OPERATION_ALL, format!("{op} ALL is not supported"))?;
            let known = [SetQuantifier::All, SetQuantifier::Distinct, SetQuantifier::None].contains(set_quantifier);
            absent(gate, !known, "BY NAME")?;
            if *op == SetOperator::Minus {
                *op = SetOperator::Except;
            }
            check_body(walk, left)?;
            check_body(walk, right)
        }
        SetExpr::Values(values) => {
            let rows = std::mem::replace(&mut walk.origin, Origin::Query) == Origin::Insert && !values.explicit_row;
            gate.refuse_if(!rows, &sql::VALUES_TABLE, "a VALUES list used as a table is not supported")
        }
        SetExpr::Insert(_) => gate.refuse(&sql::WITH_INSERT, "syntax error at or near \"INSERT\""),
        SetExpr::Merge(_) => gate.refuse(&sql::MERGE_WITH, "a WITH clause is not supported in MERGE statements"),
        SetExpr::Update(statement) | SetExpr::Delete(statement) => super::write::check(walk, statement),
        SetExpr::Table(_) => absent(gate, true, "TABLE"),
    }
}

/// Checks the clauses of one SELECT.
pub(super) fn check_select(walk: &mut Walk<'_>, select: &mut Select) -> Outcome {
    let gate = walk.gate;
    let Select {
        select_token: _,
        optimizer_hints,
        distinct,
        select_modifiers,
        top,
        top_before_distinct: _,
        projection,
        exclude,
        into,
        from,
        lateral_views,
        prewhere,
        selection: _,
        connect_by,
        group_by,
        cluster_by,
        distribute_by,
        sort_by,
        having: _,
        named_window,
        qualify,
        window_before_qualify: _,
        value_table_mode,
        flavor,
    } = select;
    let on = matches!(distinct, Some(Distinct::On(_)));
    gate.refuse_if(on, &sql::DISTINCT_ON, "SELECT DISTINCT ON is not supported")?;
    gate.refuse_if(!named_window.is_empty(), &sql::WINDOW_CLAUSE, "syntax error at or near \"WINDOW\"")?;
    let clauses = [
        (!optimizer_hints.is_empty(), "an optimizer hint"),
        (select_modifiers.is_some(), "a modifier of SELECT"),
        (top.is_some(), "TOP"),
        (exclude.is_some(), "EXCLUDE"),
        (into.is_some(), "INTO"),
        (!lateral_views.is_empty(), "LATERAL VIEW"),
        (prewhere.is_some(), "PREWHERE"),
        (!connect_by.is_empty(), "CONNECT BY"),
        (!cluster_by.is_empty(), "CLUSTER BY"),
        (!distribute_by.is_empty(), "DISTRIBUTE BY"),
        (!sort_by.is_empty(), "SORT BY"),
        (qualify.is_some(), "QUALIFY"),
        (value_table_mode.is_some(), "AS VALUE or AS STRUCT"),
        (*flavor != SelectFlavor::Standard, "FROM before SELECT"),
        (!matches!(group_by, GroupByExpr::Expressions(_, modifiers) if modifiers.is_empty()), "this form of GROUP BY"),
    ];
    clauses.into_iter().try_for_each(|(present, clause)| absent(gate, present, clause))?;
    for item in projection {
        match item {
            SelectItem::UnnamedExpr(_) => {}
            SelectItem::ExprWithAlias { alias, .. } => walk.check_label(alias)?,
            SelectItem::Wildcard(options)
            | SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(_), options) => {
                let all = WildcardAdditionalOptions {
                    wildcard_token: options.wildcard_token.clone(),
                    ..WildcardAdditionalOptions::default()
                };
                absent(gate, *options != all, "an option of *")?;
            }
            other => absent(gate, true, &other.to_string())?,
        }
    }
    from.iter().try_for_each(|tables| check_joins(gate, tables))
}

/// Checks the joins of one item of FROM.
pub(super) fn check_joins(gate: Gate<'_>, tables: &TableWithJoins) -> Outcome {
    for join in &tables.joins {
        absent(gate, join.global, "GLOBAL")?;
        let constraint = match &join.join_operator {
            JoinOperator::Join(constraint)
            | JoinOperator::Inner(constraint)
            | JoinOperator::Left(constraint)
            | JoinOperator::LeftOuter(constraint)
            | JoinOperator::Right(constraint)
            | JoinOperator::RightOuter(constraint)
            | JoinOperator::FullOuter(constraint)
            | JoinOperator::CrossJoin(constraint) => constraint,
            _ => return Err(refusal(&sql::UNKNOWN_CLAUSE, format!("{join} is not known to the emulator"))),
        };
        absent(gate, matches!(constraint, JoinConstraint::UsingAlias(..)), "an alias of USING")?;
    }
    Ok(())
}

/// Checks an item of FROM, and notes the table that it reads.
pub(super) fn check_factor(walk: &mut Walk<'_>, factor: &mut TableFactor) -> Outcome {
    let gate = walk.gate;
    match factor {
        TableFactor::Table {
            name,
            alias,
            args,
            with_hints,
            version,
            with_ordinality,
            partitions,
            json_path,
            sample,
            index_directives,
            inheritance,
        } => {
            let plain = with_hints.is_empty()
                && version.is_none()
                && !*with_ordinality
                && partitions.is_empty()
                && json_path.is_none()
                && sample.is_none()
                && index_directives.is_empty()
                && inheritance.is_none();
            absent(gate, !plain, "an option of a table in FROM")?;
            if let Some(alias) = alias {
                check_alias(walk, alias)?;
            }
            match args {
                Some(args) => functions::check_table(gate, name, args.settings.is_none()),
                None => {
                    if let Some(first) = name.0.first().and_then(|part| part.as_ident()) {
                        check_word(gate, first)?;
                    }
                    walk.reads(name);
                    Ok(())
                }
            }
        }
        TableFactor::Derived { lateral, subquery: _, alias, sample } => {
            gate.refuse_if(*lateral, &sql::LATERAL, "LATERAL is not supported")?;
            absent(gate, sample.is_some(), "TABLESAMPLE")?;
            alias.as_mut().map_or(Ok(()), |alias| check_alias(walk, alias))
        }
        TableFactor::NestedJoin { table_with_joins, alias } => {
            absent(gate, alias.is_some(), "an alias of joins")?;
            check_joins(gate, table_with_joins)
        }
        TableFactor::Function { lateral: true, .. } => gate.refuse(&sql::LATERAL, "LATERAL is not supported"),
        other => absent(gate, true, &other.to_string()),
    }
}

fn check_alias(walk: &Walk<'_>, alias: &mut TableAlias) -> Outcome {
    check_word(walk.gate, &alias.name)?;
    absent(walk.gate, alias.at.is_some(), "AT")?;
    for column in &mut alias.columns {
        check_word(walk.gate, &column.name)?;
        if let Some(kind) = &mut column.data_type {
            *kind = data_types::translate(walk.gate, kind, Place::Expression)?;
        }
    }
    Ok(())
}

/// Checks one expression of ORDER BY.
pub(super) fn check_order(gate: Gate<'_>, order: &OrderByExpr) -> Outcome {
    let known = order.with_fill.is_none() && !matches!(order.options.sort, Some(OrderBySort::Using(_)));
    absent(gate, !known, "this form of ORDER BY")
}
