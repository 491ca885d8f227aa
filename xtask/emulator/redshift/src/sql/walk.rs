//! One walk over a syntax tree: checks every part, translates it in place, and collects the facts that rules about whole
//! statements need.

use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr, Ident, ObjectName, OrderBy, OrderByExpr, OrderByKind, Query, Select, TableFactor, Value, ValueWithSpan,
    VisitMut, VisitorMut,
};
use sqlparser::tokenizer::Location;

use super::gate::{Gate, Outcome};
use super::navigation::Scopes;
use super::reader::Reader;
use super::system::{self, Relation};
use super::{expressions, names, query, rewrite};
use crate::rules::{Refusal, sql};

/// The statement that a query belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    Query,
    Table,
    View,
    MaterializedView,
    /// Where the rows of VALUES are allowed.
    Insert,
}

/// What a statement reads and calls.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub user_tables: Vec<String>,
    pub system_tables: Vec<String>,
    /// User tables without a schema.
    pub unqualified: Vec<String>,
    pub compute_function: Option<String>,
    pub leader_function: Option<String>,
    pub mutable_function: Option<String>,
    /// Whether there is an ORDER BY, LIMIT or OFFSET of a query.
    pub ordered: bool,
    pub navigated: bool,
}

impl Facts {
    /// The rules about whole statements.
    fn check(&self, gate: Gate<'_>) -> Outcome {
        if self.compute_function.is_some() && self.user_tables.is_empty() {
            let message = "One or more of the used functions must be applied on at least one user created tables. Examples of \
                           user table only functions are LISTAGG, MEDIAN, PERCENTILE_CONT, etc";
            gate.refuse(&sql::COMPUTE_NODE_FUNCTION, message)?;
        }
        let leads = ["stl_", "stv_", "svl_", "svv_"];
        let on_compute_nodes = !self.user_tables.is_empty()
            || self.system_tables.iter().any(|table| leads.iter().any(|prefix| table.starts_with(prefix)));
        if let Some(function) = self.leader_function.as_ref().filter(|_| on_compute_nodes) {
            let message = format!(
                "Specified types or functions (one per INFO message) not supported on Redshift tables. Function \
                 \"{function}\" not supported."
            );
            gate.refuse(&sql::LEADER_NODE_FUNCTION, message)?;
        }
        let reads = |names: &[&str]| self.system_tables.iter().any(|table| names.contains(&table.as_str()));
        let mixed = reads(&["svv_table_info", "svv_redshift_columns"]) && reads(&["pg_views"]);
        let message = "Specified types or functions (one per INFO message) not supported on Redshift tables.";
        gate.refuse_if(mixed, &sql::LEADER_NODE_CATALOG, message)
    }
}

/// The state of the walk.
pub(super) struct Walk<'g> {
    pub gate: Gate<'g>,
    pub origin: Origin,
    pub scopes: Scopes,
    pub facts: Facts,
    labels: Vec<Location>,
    common_tables: Vec<Vec<String>>,
}

/// A translated query.
pub(super) struct Walked {
    pub text: String,
    pub facts: Facts,
}

/// Parses and translates a query.
pub(super) fn query(reader: &mut Reader<'_>, origin: Origin) -> Outcome<String> {
    Ok(query_with_facts(reader, origin)?.text)
}

/// Parses and translates a query.
pub(super) fn query_with_facts(reader: &mut Reader<'_>, origin: Origin) -> Outcome<Walked> {
    let mut query = reader.query()?;
    let mut walk = Walk::new(reader, origin);
    walk.over(&mut query)?;
    let facts = walk.finish()?;
    Ok(Walked { text: query.to_string(), facts })
}

/// Translates an expression that refers to no table.
pub(super) fn expression(reader: &Reader<'_>, mut expression: Expr) -> Outcome<String> {
    let mut walk = Walk::new(reader, Origin::Query);
    walk.over(&mut expression)?;
    walk.finish()?;
    Ok(expression.to_string())
}

impl<'g> Walk<'g> {
    pub fn new(reader: &Reader<'g>, origin: Origin) -> Self {
        Self {
            gate: reader.gate,
            origin,
            scopes: Scopes::default(),
            facts: Facts::default(),
            labels: reader.labels.clone(),
            common_tables: Vec::new(),
        }
    }

    /// Checks and translates a part of a statement.
    pub fn over<N: VisitMut>(&mut self, node: &mut N) -> Outcome {
        match node.visit(self) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(refused) => Err(refused),
        }
    }

    /// Applies the rules about the whole statement.
    pub fn finish(self) -> Outcome<Facts> {
        self.facts.check(self.gate)?;
        Ok(self.facts)
    }

    /// A column label: any word after AS, else no reserved word.
    pub fn check_label(&self, ident: &Ident) -> Outcome {
        if self.labels.contains(&ident.span.start) { Ok(()) } else { names::check_word(self.gate, ident) }
    }

    fn is_common_table(&self, name: &ObjectName) -> bool {
        let parts = names::parts(name);
        matches!(parts.as_slice(), [one] if self.common_tables.iter().flatten().any(|table| table == one))
    }

    /// Notes a table that the statement reads.
    pub fn reads(&mut self, name: &ObjectName) {
        if self.is_common_table(name) {
            return;
        }
        let parts = names::parts(name);
        match system::relation(name) {
            Relation::User => {
                if parts.len() == 1 {
                    self.facts.unqualified.extend(parts.last().cloned());
                }
                self.facts.user_tables.push(parts.join("."));
            }
            Relation::System | Relation::Catalog => self.facts.system_tables.extend(parts.last().cloned()),
        }
    }
}

fn flow(outcome: Outcome) -> ControlFlow<Refusal> {
    match outcome {
        Ok(()) => ControlFlow::Continue(()),
        Err(refused) => ControlFlow::Break(refused),
    }
}

impl VisitorMut for Walk<'_> {
    type Break = Refusal;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Refusal> {
        let tables = query.with.iter().flat_map(|with| &with.cte_tables);
        self.common_tables.push(tables.map(|table| table.alias.name.value.to_ascii_lowercase()).collect());
        self.scopes.push_query(query);
        flow(query::check(self, query))
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<Refusal> {
        self.common_tables.pop();
        self.scopes.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<Refusal> {
        self.scopes.push(&select.from);
        flow(query::check_select(self, select))
    }

    fn post_visit_select(&mut self, _: &mut Select) -> ControlFlow<Refusal> {
        self.scopes.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Refusal> {
        flow(query::check_factor(self, factor))
    }

    fn pre_visit_order_by(&mut self, order: &mut OrderBy) -> ControlFlow<Refusal> {
        self.facts.ordered = true;
        let plain = matches!(order.kind, OrderByKind::Expressions(_)) && order.interpolate.is_none();
        flow(self.gate.refuse_if(!plain, &sql::UNKNOWN_CLAUSE, format!("{order} is not known to the emulator")))
    }

    fn pre_visit_order_by_expr(&mut self, order: &mut OrderByExpr) -> ControlFlow<Refusal> {
        flow(query::check_order(self.gate, order))
    }

    fn pre_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<Refusal> {
        flow(expressions::check(self, expression))
    }

    fn post_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<Refusal> {
        flow(rewrite::expression(self, expression))
    }

    fn pre_visit_ident(&mut self, ident: &mut Ident) -> ControlFlow<Refusal> {
        flow(names::spell(self.gate, ident))
    }

    fn pre_visit_value(&mut self, value: &mut ValueWithSpan) -> ControlFlow<Refusal> {
        let known = matches!(
            value.value,
            Value::Number(..)
                | Value::SingleQuotedString(_)
                | Value::DollarQuotedString(_)
                | Value::EscapedStringLiteral(_)
                | Value::Boolean(_)
                | Value::Null
                | Value::Placeholder(_)
        );
        let message = format!("the literal {value} is not known to the emulator");
        flow(self.gate.refuse_if(!known, &sql::UNKNOWN_EXPRESSION, message))
    }

    fn post_visit_value(&mut self, value: &mut ValueWithSpan) -> ControlFlow<Refusal> {
        rewrite::literal(&mut value.value);
        ControlFlow::Continue(())
    }
}
