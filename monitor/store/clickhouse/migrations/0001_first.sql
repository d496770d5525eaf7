-- Version 1 of the measurements on ClickHouse. A migration that was released is never edited: its checksum is kept and compared.
-- Words in braces are filled in for the server that was found (dialect.py): what 18.16 does not know is left out there.
-- Times are microseconds since 1970 in UTC. Every table is idempotent: the same row written twice is one row when it is
-- read with FINAL, and of a measurement the row with the highest `revision` holds its verdict.

CREATE TABLE IF NOT EXISTS {database}.document{local}{everywhere} (
    sha256   String{plain},
    own      UInt8,
    encoding {word},
    content  String{dense}
) ENGINE = {engine}ReplacingMergeTree{path[document]} ORDER BY (sha256, own){settings};

CREATE TABLE IF NOT EXISTS {database}.observation{local}{everywhere} (
    day                Date{delta},
    time               Int64{delta},
    seq                UInt64{delta},
    revision           UInt64{plain},
    measurement        String{plain},
    target             {word},
    url                {word},
    vantage            {word},
    country            {word},
    network            {word},
    role               {word},
    innocuous          UInt8{plain},
    state              {word},
    rule_id            {word},
    layer              {word_or_null},
    technique          {word_or_null},
    locus              {word},
    evidence           {word},
    failure            {word_or_null},
    controls_agree     UInt32{plain},
    controls_total     UInt32{plain},
    ruleset            {word},
    also               {word},
    dns                Nullable(Float64){plain},
    tcp                Nullable(Float64){plain},
    tls                Nullable(Float64){plain},
    first_byte         Nullable(Float64){plain},
    total              Nullable(Float64){plain},
    status             Nullable(Int32){plain},
    certificate_expiry Nullable(Int64){plain},
    protocol           {word},
    tls_version        {word},
    body_length        Nullable(Int64){plain},
    redirects          UInt32{plain},
    simulated          UInt8{plain},
    vantage_kind       {word},
    document           String{plain},
    original           Nullable(String){plain}{index}
) ENGINE = {engine}ReplacingMergeTree{path[observation]} PARTITION BY toYYYYMM(day)
ORDER BY (day, target, url, vantage, time, measurement){settings};

CREATE TABLE IF NOT EXISTS {database}.latest{local}{everywhere} AS {database}.observation{local}
ENGINE = {engine}ReplacingMergeTree{path[latest]} ORDER BY (target, url, vantage){settings};

CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.latest_feed{local}{everywhere} TO {database}.latest{local} AS
SELECT day, time, seq, toUInt64(time + 4611686018427387904) AS revision, measurement, target, url, vantage, country,
    network, role, innocuous, state, rule_id, layer, technique, locus, evidence, failure, controls_agree, controls_total,
    ruleset, also, dns, tcp, tls, first_byte, total, status, certificate_expiry, protocol, tls_version, body_length,
    redirects, simulated, vantage_kind, document, original
FROM {database}.observation{local};

CREATE TABLE IF NOT EXISTS {database}.page_state{local}{everywhere} (
    target  {word},
    url     {word},
    vantage {word},
    state   {word},
    oldest  AggregateFunction(min, Int64),
    newest  AggregateFunction(max, Int64)
) ENGINE = {engine}AggregatingMergeTree{path[page_state]} ORDER BY (target, url, vantage, state){settings};

CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.page_state_feed{local}{everywhere} TO {database}.page_state{local} AS
SELECT target, url, vantage, state, minState(time) AS oldest, maxState(time) AS newest
FROM {database}.observation{local} GROUP BY target, url, vantage, state;

CREATE TABLE IF NOT EXISTS {database}.cell{local}{everywhere} (
    digest         String,
    seq            UInt64,
    target         {word},
    country        {word},
    network        {word},
    vantage        {word},
    start          Int64,
    "end"          Int64,
    ok             UInt64,
    down           UInt64,
    blocked        UInt64,
    insufficient   UInt64,
    role           {word},
    innocuous      UInt8,
    pooled         UInt8,
    layer          {word_or_null},
    technique      {word_or_null},
    locus          {word},
    evidence       {word},
    controls_agree UInt64,
    controls_total UInt64,
    witnesses      String,
    simulated      UInt8,
    source         {word},
    decisive       UInt64,
    exonerating    UInt64
) ENGINE = {engine}ReplacingMergeTree{path[cell]} ORDER BY (target, start, digest){settings};

CREATE TABLE IF NOT EXISTS {database}.finding{local}{everywhere} (
    seq         UInt64,
    revision    UInt64,
    measurement String,
    kind        {word},
    time        Int64,
    target      {word},
    url         {word},
    vantage     {word},
    country     {word},
    network     {word},
    role        {word},
    rule_id     {word},
    why         String,
    bearing     {word},
    technique   {word_or_null},
    layer       {word_or_null},
    locus       {word},
    simulated   UInt8,
    ruleset     {word}
) ENGINE = {engine}ReplacingMergeTree{path[finding]} ORDER BY (target, time, measurement){settings};
