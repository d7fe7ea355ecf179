// The peers' workload in the form of this project.
//
//   node translate.mjs OUT_OF_THE_PEERS FOLDER
//
// reads spec.json of the peers and writes
//   FOLDER/bench_intake.proto          message BenchIntake: the 50 fields, all optional, at the root
//   FOLDER/rules/ruleset.textproto     the rules, as an author of this project would write them
//
// In the workload a comparison with a missing field is simply not satisfied. Every comparison is
// therefore guarded with has(), which makes the results identical; nothing is ever indeterminate.
import fs from 'fs';
import path from 'path';

const [peers, folder] = process.argv.slice(2);
if (!folder) {
  console.error('usage: node translate.mjs OUT_OF_THE_PEERS FOLDER');
  process.exit(2);
}
const spec = JSON.parse(fs.readFileSync(path.join(peers, 'spec.json')));

const camel = (name) => name.split('_').map((word) => word[0].toUpperCase() + word.slice(1)).join('');
const quoted = (text) => JSON.stringify(text);
const padded = (number) => String(number).padStart(3, '0');

// ---- Intake ----------------------------------------------------------------------------------------

// UNKNOWN means "asked, not known" in this project; in the workload it is an answer like any other.
const valueName = (value) => (value === 'unknown' ? 'UNCERTAIN' : value.toUpperCase());

function intakeProto() {
  const enums = spec.fields.filter((field) => field.type === 'enum').map((field) => {
    const prefix = field.name.toUpperCase();
    const values = ['UNSPECIFIED', ...field.vals.map(valueName)];
    return `enum ${camel(field.name)} {\n` +
        values.map((value, number) => `  ${prefix}_${value} = ${number};\n`).join('') + '}\n';
  });
  const types = { bool: () => 'bool', int: () => 'int32', enum: (field) => camel(field.name) };
  const fields = spec.fields.map((field, i) =>
      `  optional ${types[field.type](field)} ${field.name} = ${i + 1};\n`);
  return 'syntax = "proto3";\n\npackage plumbline.bench.workload;\n\n' + enums.join('\n') +
      '\nmessage BenchIntake {\n' + fields.join('') + '}\n';
}

// ---- Expressions -----------------------------------------------------------------------------------

const constant = (field, value) => `${camel(field)}.${valueName(value)}`;
const isEnum = (name) => spec.fields.find((field) => field.name === name).type === 'enum';
const known = (field, comparison) => `(has(intake.${field}) && ${comparison})`;

function expression([operation, first, second]) {
  switch (operation) {
    case 'ge': return known(first, `${first} >= ${second}`);
    case 'le': return known(first, `${first} <= ${second}`);
    case 'eq': return known(first, `${first} == ${isEnum(first) ? constant(first, second) : second}`);
    case 'in': return known(first, `${first} in [${second.map((v) => constant(first, v)).join(', ')}]`);
    case 'true': return known(first, first);
    case 'false': return known(first, `!${first}`);
    case 'missing': return `!has(intake.${first})`;
    case 'cond': return `c_${first}`;
    case 'ncond': return `!c_${first}`;
    case 'score_ge': return `s_${first} >= ${second}`;
    default: throw Error(`unknown operation ${operation}`);
  }
}
const write = (tree) => {
  if (tree[0] !== 'and' && tree[0] !== 'or') return expression(tree);
  return '(' + tree.slice(1).map(write).join(tree[0] === 'and' ? ' && ' : ' || ') + ')';
};

// ---- Rules -----------------------------------------------------------------------------------------

const lines = [];
const emit = (text) => lines.push(text);
const cited = 'sources: "BENCH/1"';

function emitFrame() {
  emit(`manifest {
  ruleset_id: "bench_workload" version: "0.1.0" title: "Workload of the benchmark"
  status: PUBLICATION_STATUS_DRAFT intended_use: "Benchmark." intended_users: "Developers"
  intended_population: "Nobody" authors { name: "Generated" role: "author" }
  change_summary: "Generated." disclaimers: "Synthetic."
}
sources {
  id: "BENCH" title: "Synthetic workload" citation: "Synthetic workload." status: SOURCE_STATUS_PROJECT_CHOICE
  passages { id: "BENCH/1" locator: "1" summary: "Synthetic." }
}`);
  const levels = ['EXERCISE_OK', 'PRO_REVIEW_BEFORE_EXERCISE', 'ROUTINE_REFERRAL', 'URGENT_2W',
    'URGENT_SAME_DAY', 'EMERGENCY_NOW'];
  const gates = ['ALLOW', 'ALLOW_RESTRICTED', 'HOLD_UNTIL_REVIEW', 'HOLD'];
  emit('dispositions {');
  for (const level of levels) {
    emit(`  levels { level: LEVEL_${level} title: "${level}" time_frame: "-" patient_text: "-" clinician_text: "-" }`);
  }
  for (const gate of gates) {
    const release = gate.startsWith('ALLOW') ? 'FULL' : 'NONE';
    emit(`  gates { gate: GATE_${gate} title: "${gate}" patient_text: "-" release: PROGRAMME_RELEASE_${release} }`);
  }
  emit('}');
  emit(`stages { id: "STAGE" title: "Any" patient_text: "-" because: "-" rank: 1 ${cited} }`);
}

function emitQuestions() {
  for (const field of spec.fields) {
    const number = field.type === 'int' ? ' unit: "1" min: 0 max: 1000' : '';
    const options = (field.vals ?? [])
        .map((v) => ` options { value: "${valueName(v)}" label: ${quoted(v.replace('_', ' '))} }`).join('');
    emit(`questions { field: "${field.name}" label: ${quoted(field.name.replaceAll('_', ' '))} ` +
        `wording: "?" group: "all"${number}${options} }`);
  }
}

function emitTerms() {
  for (const condition of spec.conditions) {
    emit(`terms { id: "c_${condition.id}" expression: ${quoted(write(condition.expr))} words: "-" ${cited} }`);
  }
  for (const score of spec.scores) {
    const sum = score.terms.map(([tree, points]) => `(${write(tree)} ? ${points} : 0)`).join(' + ');
    emit(`terms { id: "s_${score.id}" expression: ${quoted(sum)} words: "-" ${cited} }`);
  }
}

function emitTriage() {
  const levels = ['EXERCISE_OK', 'ROUTINE_REFERRAL', 'URGENT_SAME_DAY', 'EMERGENCY_NOW'];
  for (const condition of spec.conditions) {
    emit(`red_flags { id: "${condition.id}" title: "${condition.id}" group: "all" when: "c_${condition.id}" ` +
        `level: LEVEL_${levels[condition.level]} gate: GATE_ALLOW because: "-" ${cited} ` +
        'on_indeterminate { action: ACTION_ASK } }');
  }
}

// Neither the neutral set nor the rule for mixed pictures may take part, because the workload has
// nothing like them. So the first pattern is the residual one, there whenever no other is, and the
// others need all their points, which no two of them can have at once.
function emitScores() {
  const [residual, ...others] = spec.scores;
  [...others, residual].forEach((score, i) => {
    const findings = score.terms.map(([tree, points, because], j) =>
        `  findings { id: "F-${score.id}-${padded(j)}" points: ${points} when: ${quoted(write(tree))} ` +
        `because: ${quoted(because)} ${cited} }\n`);
    const threshold = score === residual ?
        'possible_at: 0 residual: true' :
        `possible_at: ${score.terms.reduce((sum, [, points]) => sum + points, 0)}`;
    emit(`conditions {\n  id: "${score.id}" title: "${score.id}" patient_title: "-" patient_text: "-" prognosis: "-"\n` +
        `  ${threshold} priority: ${i + 1} ${cited}\n` + findings.join('') + '}');
  });
}

// Rules that several exercises share, each once, in an order that keeps the order within every
// exercise: [{key, value, exercises}].
function shared(termsOf, keyOf) {
  const rules = new Map();
  const after = new Map();  // key -> keys that must precede it
  for (const exercise of spec.exercises) {
    const keys = termsOf(exercise).map((term) => keyOf(term));
    keys.forEach((key, i) => {
      if (!rules.has(key)) {
        rules.set(key, { key, value: termsOf(exercise)[i], exercises: [] });
        after.set(key, new Set());
      }
      rules.get(key).exercises.push(exercise.id);
      if (i > 0) after.get(key).add(keys[i - 1]);
    });
  }
  const ordered = [];
  const done = new Set();
  while (ordered.length < rules.size) {
    const next = [...rules.values()].find(
        (rule) => !done.has(rule.key) && [...after.get(rule.key)].every((key) => done.has(key)));
    if (!next) throw Error('the order of reasons differs between exercises');
    ordered.push(next);
    done.add(next.key);
  }
  return ordered;
}

const selector = (ids) =>
    'selector { ' + ids.map((id) => `exercise_ids: "X${padded(id)}"`).join(' ') + ' }';

function emitExercises() {
  for (const exercise of spec.exercises) {
    emit(`exercises {
  id: "X${padded(exercise.id)}" name: ${quoted(exercise.name.replaceAll('_', ' '))} clinician_name: "-" purpose: "-"
  position: START_POSITION_SUPINE direction: DIRECTION_NEUTRAL type: EXERCISE_TYPE_MOBILITY load: 1
  environments: PREFERRED_ENV_FLOOR steps: "-" stop_rules: "-" earliest_stage: "STAGE" minutes_per_day: 1
  doses { start: true text: "-" ${cited} } ${cited}
}`);
  }
  for (const exercise of spec.exercises) {
    emit(`indications { id: "I-${padded(exercise.id)}" ${selector([exercise.id])} ` +
        `when: ${quoted(write(exercise.include))} points: ${exercise.base} because: "-" ${cited} }`);
  }
  shared((exercise) => exercise.contra, (term) => JSON.stringify(term)).forEach((rule, i) => {
    emit(`contraindications { id: "K-${padded(i)}" ${selector(rule.exercises)} when: ${quoted(write(rule.value[0]))} ` +
        `because: ${quoted(rule.value[1])} ${cited} on_indeterminate: ON_INDETERMINATE_WITHHOLD }`);
  });
  shared((exercise) => exercise.terms, (term) => JSON.stringify(term)).forEach((rule, i) => {
    emit(`score_adjustments { id: "A-${padded(i)}" ${selector(rule.exercises)} when: ${quoted(write(rule.value[0]))} ` +
        `points: ${rule.value[1]} because: ${quoted(rule.value[2])} ${cited} }`);
  });
  emit(`programme {
  neutral_set: "X001" neutral_because: "-"
  sizes { id: "SIZE" because: "-" max_exercises: 1000 max_minutes_per_day: 1000 ${cited} }
  responses {
    reduce_after: 1 skip_after: 2 easy_points: 1 tolerated_points: 1 aggravated_points: -1
    easy_because: "-" tolerated_because: "-" reduce_because: "-" skip_because: "-" ${cited}
  }
}
safety_net { title: "-" text: "-" items: "-" ${cited} }`);
}

emitFrame();
emitQuestions();
emitTerms();
emitTriage();
emitScores();
emitExercises();
fs.mkdirSync(path.join(folder, 'rules'), { recursive: true });
fs.writeFileSync(path.join(folder, 'bench_intake.proto'), intakeProto());
fs.writeFileSync(path.join(folder, 'rules', 'ruleset.textproto'), lines.join('\n') + '\n');
