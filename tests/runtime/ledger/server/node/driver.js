// Runs QLDB's Node.js driver against ENDPOINT and prints what it saw as one line of JSON.
const { QLDB } = require("@aws-sdk/client-qldb");
const { QldbDriver, RetryConfig } = require("amazon-qldb-driver-nodejs");
const ion = require("ion-js");

const LEDGER = "vehicles";
const client = {
  endpoint: process.env.ENDPOINT,
  region: "us-east-1",
  credentials: { accessKeyId: "any", secretAccessKey: "any" },
};

function driver() {
  return new QldbDriver(LEDGER, client, {}, 2, new RetryConfig(4));
}

async function rows(transaction, statement, ...parameters) {
  const result = await transaction.execute(statement, ...parameters);
  return result.getResultList();
}

async function lifeOfADocument(first, seen) {
  await first.executeLambda((t) => t.execute("CREATE TABLE Vehicle"));
  await first.executeLambda((t) => t.execute("CREATE INDEX ON Vehicle (VIN)"));
  seen.tables = await first.getTableNames();
  const vehicle = { VIN: "1N4AL11D75C109151", Colour: "silver", Price: ion.load("90.250") };
  const inserted = await first.executeLambda((t) => rows(t, "INSERT INTO Vehicle ?", vehicle));
  seen.id = inserted[0].get("documentId").stringValue();
  const read = await first.executeLambda((t) =>
    rows(t, "SELECT * FROM Vehicle WHERE VIN = ?", vehicle.VIN)
  );
  seen.read = read.map((row) => ion.dumpText(row));
  await first.executeLambda((t) =>
    rows(t, "UPDATE Vehicle SET Colour = ? WHERE VIN = ?", "red", vehicle.VIN)
  );
}

async function conflict(first, second, seen) {
  const statement = "UPDATE Vehicle SET Owner = ? WHERE VIN = '1N4AL11D75C109151'";
  seen.attempts = 0;
  await first.executeLambda(async (t) => {
    seen.attempts += 1;
    await rows(t, statement, "first");
    if (seen.attempts === 1) {
      await second.executeLambda((other) => rows(other, statement, "second"));
    }
  });
}

async function pages(first, seen) {
  await first.executeLambda((t) => t.execute("CREATE TABLE Many"));
  for (let batch = 0; batch < 11; batch += 1) {
    const documents = Array.from({ length: 40 }, (_, i) => ({ number: batch * 40 + i }));
    await first.executeLambda((t) => t.execute("INSERT INTO Many ?", documents));
  }
  const all = await first.executeLambda((t) => rows(t, "SELECT VALUE m.number FROM Many AS m"));
  seen.many = all.map((n) => n.numberValue()).sort((a, b) => a - b);
}

async function endOfADocument(first, seen) {
  await first.executeLambda((t) => rows(t, "DELETE FROM Vehicle AS v BY id WHERE id = ?", seen.id));
  const left = await first.executeLambda((t) => rows(t, "SELECT * FROM Vehicle"));
  seen.left = left.length;
  const history = await first.executeLambda((t) =>
    rows(t, "SELECT * FROM history(Vehicle) AS h WHERE h.metadata.id = ?", seen.id)
  );
  seen.history = history.map((row) => ({
    version: row.get("metadata", "version").numberValue(),
    colour: row.get("data", "Colour") && row.get("data", "Colour").stringValue(),
    owner: row.get("data", "Owner") && row.get("data", "Owner").stringValue(),
    deleted: row.get("data") === null,
  }));
}

async function refusals(first, seen) {
  for (const [name, statement] of [
    ["syntax", "SELEC nothing"],
    ["table", "SELECT * FROM Nowhere"],
  ]) {
    try {
      await first.executeLambda((t) => t.execute(statement));
    } catch (error) {
      seen[name] = { name: error.name, message: error.message };
    }
  }
}

async function controlPlaneRefusal(qldb, seen) {
  try {
    await qldb.describeLedger({ Name: "nowhere" });
  } catch (error) {
    seen.unknown = { name: error.name, status: error.$metadata.httpStatusCode };
  }
}

async function expiry(first, seen) {
  try {
    await first.executeLambda(async (t) => {
      await rows(t, "SELECT * FROM Vehicle");
      await new Promise((resolve) => setTimeout(resolve, Number(process.env.LIFETIME_MS) + 200));
      await rows(t, "SELECT * FROM Vehicle");
    });
  } catch (error) {
    seen.expired = { name: error.name, message: error.message };
  }
  seen.afterExpiry = (await first.executeLambda((t) => rows(t, "SELECT * FROM Vehicle"))).length;
}

async function main() {
  const seen = {};
  const qldb = new QLDB(client);
  await qldb.createLedger({ Name: LEDGER, PermissionsMode: "ALLOW_ALL", DeletionProtection: false });
  const [first, second] = [driver(), driver()];
  await lifeOfADocument(first, seen);
  await conflict(first, second, seen);
  await pages(first, seen);
  await endOfADocument(first, seen);
  await refusals(first, seen);
  await expiry(first, seen);
  await controlPlaneRefusal(qldb, seen);
  const digest = await qldb.getDigest({ Name: LEDGER });
  seen.digestBytes = digest.Digest.length;
  first.close();
  second.close();
  await qldb.deleteLedger({ Name: LEDGER });
  seen.ledgers = (await qldb.listLedgers({})).Ledgers.length;
  console.log(JSON.stringify(seen));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
